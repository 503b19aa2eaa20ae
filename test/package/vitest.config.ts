import { configDefaults, defineConfig } from 'vitest/config'
import base from '../../vitest.config.ts'

// These tests are one project of their own: they install from the registry.
const { projects: _projects, ...common } = base.test ?? {}

export default defineConfig({
  ...base,
  test: {
    ...common,
    hookTimeout: 180_000,
    testTimeout: 60_000,
    include: ['test/package/**/*.test.ts'],
    exclude: configDefaults.exclude,
  },
})
