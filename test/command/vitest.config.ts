import { configDefaults, defineConfig } from 'vitest/config'
import base from '../../vitest.config.ts'

// These tests are one project of their own: each line that somebody types is a process.
const { projects: _projects, ...common } = base.test ?? {}

export default defineConfig({
  ...base,
  test: { ...common, include: ['test/command/**/*.test.ts'], exclude: configDefaults.exclude },
})
