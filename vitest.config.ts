import path from 'node:path'
import { configDefaults, defineConfig } from 'vitest/config'

export default defineConfig({
  // The workspace's own packages are tested from source. Node gets the same conditions for what is not bundled, so
  // `import` and `default` must not be among them: a `require` would then load a module.
  ssr: { resolve: { conditions: ['@foreman/source', 'module', 'node'] } },
  test: {
    // More than the two cores it is meant for, because many tests mostly wait; not many more, because many start
    // processes of their own.
    maxWorkers: 5,
    // The processes that tests start are of the same code: compiled once, a start takes a third less of a processor.
    env: { NODE_COMPILE_CACHE: path.join(import.meta.dirname, 'node_modules/.cache/compiled') },
    testTimeout: 30_000,
    hookTimeout: 30_000,
    // What installs from a registry, needs a browser or starts hundreds of processes has a run and a configuration of its own: npm run
    // test:clients, test:package, test:page, test:command.
    exclude: [...configDefaults.exclude, 'test/{clients,command,package,page}/**'],
    projects: [
      // Tests of modules leave nothing behind in their process, so the next file can use it.
      {
        extends: true,
        test: { name: 'modules', include: ['{apps,packages}/*/src/**/*.test.ts'], isolate: false },
      },
      {
        extends: true,
        test: { name: 'foreman', include: ['{test,bench,scripts}/**/*.test.ts'] },
      },
    ],
  },
})
