import { configDefaults, defineConfig } from 'vitest/config'
import base from '../../vitest.config.ts'
import { Matrix } from './matrix.ts'

export default defineConfig({
  ...base,
  test: {
    ...base.test,
    // Most of the time is waiting.
    maxWorkers: 3,
    globalSetup: ['test/clients/python/prepare.ts'],
    include: ['test/clients/**/*.test.ts'],
    exclude: configDefaults.exclude,
    reporters: ['default', new Matrix()],
  },
})
