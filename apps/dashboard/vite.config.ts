import { defineConfig } from 'vite'

export default defineConfig({
  root: import.meta.dirname,
  // Wherever a proxy puts the page, its files lie beside it.
  base: './',
  logLevel: 'warn',
  resolve: { conditions: ['@foreman/source', 'module', 'browser', 'import', 'default'] },
  oxc: { jsx: { runtime: 'automatic', importSource: 'preact' } },
  build: {
    outDir: 'dist',
    emptyOutDir: true,
    target: ['chrome125', 'firefox128', 'safari18'],
    cssMinify: 'lightningcss',
    // One script and one sheet: three requests until the first paint.
    modulePreload: { polyfill: false },
    assetsInlineLimit: 0,
    reportCompressedSize: false,
  },
})
