import type { IncomingHttpHeaders } from 'node:http'
import { expect, test } from 'vitest'
import { isFromPage } from './from-page.ts'

test.each<[what: string, headers: IncomingHttpHeaders, fromPage: boolean]>([
  ['a program', {}, false],
  ['a program with an empty Origin', { origin: '' }, false],
  ['Node’s fetch', { 'sec-fetch-mode': 'cors' }, false],
  ['a person who has typed the address', { 'sec-fetch-site': 'none' }, false],
  ['a desktop application', { origin: 'app://obsidian.md', 'sec-fetch-site': 'cross-site' }, false],
  ['a web view of an editor', { origin: 'vscode-webview://x' }, false],
  ['a page', { origin: 'https://evil.example' }, true],
  ['a page, in capitals', { origin: 'HTTP://EVIL.EXAMPLE' }, true],
  ['a page of this machine', { origin: 'http://localhost:3000' }, true],
  ['a page without an origin of its own', { origin: 'null' }, true],
  ['a page that rebinds its name', { origin: 'http://evil.example:8081', host: 'evil.example:8081' }, true],
  ['an image of a page', { 'sec-fetch-site': 'cross-site' }, true],
  ['a request of a page to its own server', { 'sec-fetch-site': 'same-origin' }, true],
  ['an image with an empty Origin', { origin: '', 'sec-fetch-site': 'same-site' }, true],
])('%s: %j', (_what, headers, fromPage) => {
  expect(isFromPage(headers)).toBe(fromPage)
})
