import { configDefaults, defineConfig } from 'vitest/config'

export default defineConfig({
  // The workspace's own packages are tested from source. Node gets the same conditions for what is not bundled, so
  // `import` and `default` must not be among them: a `require` would then load a module.
  ssr: { resolve: { conditions: ['@foreman/source', 'module', 'node'] } },
  test: {
    // Two cores, and many tests start processes of their own.
    maxWorkers: 2,
    testTimeout: 30_000,
    hookTimeout: 30_000,
    include: ['{apps,packages}/*/src/**/*.test.ts', 'test/**/*.test.ts', '{bench,scripts}/**/*.test.ts'],
    // The clients of others have a run and a configuration of their own: npm run test:clients.
    exclude: [...configDefaults.exclude, 'test/clients/**'],
  },
})
