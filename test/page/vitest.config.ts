import { configDefaults, defineConfig } from 'vitest/config'
import base from '../../vitest.config.ts'

// These tests are one project of their own: they need a browser, which not every machine has.
const { projects: _projects, ...common } = base.test ?? {}

export default defineConfig({
  ...base,
  test: {
    ...common,
    // Each has a browser of its own.
    maxWorkers: 2,
    // A worker that was killed is missed after 8 s.
    testTimeout: 60_000,
    globalSetup: ['test/page/build.ts'],
    include: ['test/page/**/*.test.ts'],
    exclude: configDefaults.exclude,
  },
})
