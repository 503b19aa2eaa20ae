import { expect, test } from 'vitest'
import { fileAt } from './files.ts'

const FOR_EVER = 'public, max-age=31536000, immutable'

test.each([
  ['/dashboard/', 'index.html', 'no-store'],
  ['/dashboard/assets/index-Bx_v0-Cu.js', 'assets/index-Bx_v0-Cu.js', FOR_EVER],
  ['/dashboard/assets/index-Bx.css', 'assets/index-Bx.css', FOR_EVER],
])('%s is %s', (pathname, name, cacheControl) => {
  expect(fileAt(pathname)).toMatchObject({ name, cacheControl })
})

test.each([
  '/dashboard/index.html',
  '/dashboard/.sources',
  '/dashboard/jobs',
  '/dashboard/assets/',
  '/dashboard/assets/index.js.br',
  '/dashboard/assets/../index.html',
  '/dashboard/assets/../../package.json',
  '/dashboard/assets/..\\..\\x.js',
  '/dashboard/assets/a/b.js',
  '/dashboard/assets/\0.js',
  '/dashboard//etc/passwd',
])('%s is no file of the page', pathname => {
  expect(fileAt(pathname)).toBeUndefined()
})
