import { expect, test } from 'vitest'
import { readOrigin } from './read-origin.ts'

test.each([
  ['https://chat.example.org', 'https://chat.example.org'],
  ['https://chat.example.org/', 'https://chat.example.org'],
  ['https://chat.example.org:443', 'https://chat.example.org'],
  ['http://chat.example.org:80/', 'http://chat.example.org'],
  ['HTTPS://Chat.Example.org:8443', 'https://chat.example.org:8443'],
  ['https://bücher.example', 'https://xn--bcher-kva.example'],
  ['http://[::1]:3000', 'http://[::1]:3000'],
  ['app://obsidian.md', 'app://obsidian.md'],
  ['chrome-extension://*', 'chrome-extension://*'],
  ['null', 'null'],
  ['*', '*'],
  ['https://*', 'https://*'],
  ['https://*.example.com/', 'https://*.example.com'],
  ['https://*.example.com:443', 'https://*.example.com'],
  ['https://app-*.example.com:80', 'https://app-*.example.com:80'],
  ['*.example.com', '*.example.com'],
  ['*://chat.example.org', '*://chat.example.org'],
  ['http*', 'http*'],
  ['http*://chat.example.org', 'http*://chat.example.org'],
  ['*:3000', '*:3000'],
  ['http://192.168.*', 'http://192.168.*'],
  ['http://192.168.1.*:3000', 'http://192.168.1.*:3000'],
  ['http://[fd00:*]:3000', 'http://[fd00:*]:3000'],
  ['http://chat.example.org:*', 'http://chat.example.org:*'],
])('the entry %s stands for %s', (entry, origin) => {
  expect(readOrigin(entry)).toBe(origin)
})

test.each([
  ['no scheme', 'chat.example.org'],
  ['no scheme, with a port', 'localhost:3000'],
  ['no scheme, with a *', 'chat.*'],
  ['a path', 'https://chat.example.org/app'],
  ['a path that is a *', 'https://chat.example.org/*'],
  ['a path behind a *', 'https://*.example.org/app'],
  ['a query', 'https://chat.example.org?x=1'],
  ['a user', 'https://ann@chat.example.org'],
  ['quotes', '"https://chat.example.org"'],
  ['one quote', "'https://chat.example.org"],
  ['a semicolon between two', 'https://chat.example.org;https://b.example.org'],
  ['a blank between two', 'https://chat.example.org https://b.example.org'],
  ['a bar between two', 'https://chat.example.org|https://b.example.org'],
  ['one slash', 'https:/chat.example.org'],
  ['a colon and no port', 'https://:8080'],
  ['port 0', 'https://chat.example.org:0'],
  ['a port that is none', 'https://chat.example.org:99999'],
  ['the scheme of no page', 'wss://chat.example.org'],
  ['the usual port of any host', 'https://*:443'],
  ['a name that browsers write in another way', 'https://*.bücher.example'],
  ['two *', 'https://*.*.example'],
  ['only slashes', '*/'],
])('an entry with %s can match no page: %s', (_what, entry) => {
  expect(readOrigin(entry)).toBeUndefined()
})
