import { configDefaults, defineConfig } from 'vitest/config'
import base from '../../vitest.config.ts'
import { Matrix } from './matrix.ts'

// These tests are one project of their own.
const { projects: _projects, ...common } = base.test ?? {}

export default defineConfig({
  ...base,
  test: {
    ...common,
    // Most of the time is waiting.
    maxWorkers: 4,
    globalSetup: ['test/clients/prepare.ts'],
    include: ['test/clients/**/*.test.ts'],
    exclude: configDefaults.exclude,
    reporters: ['default', new Matrix()],
  },
})
