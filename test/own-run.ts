import { configDefaults, defineConfig, type TestUserConfig, type ViteUserConfig } from 'vitest/config'
import base from '../vitest.config.ts'

const { projects: _projects, ...common } = base.test ?? {}

/**
 * The configuration of a run of its own, of the tests in one folder of `test`: one project, and not part of `npm test`.
 *
 * @param options what differs from the other tests
 */
export const ownRun = (folder: string, options: TestUserConfig = {}): ViteUserConfig =>
  defineConfig({
    ...base,
    test: {
      ...common,
      include: [`test/${folder}/**/*.test.ts`],
      exclude: configDefaults.exclude,
      ...options,
    },
  })
