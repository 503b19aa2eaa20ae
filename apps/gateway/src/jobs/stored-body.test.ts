import { expect, test } from 'vitest'
import { safeTypeOf } from './stored-body.ts'

test.each<[given: string | undefined, sent: string]>([
  ['application/json', 'application/json'],
  ['Application/JSON; charset=utf-8', 'Application/JSON; charset=utf-8'],
  ['multipart/form-data; boundary=a', 'multipart/form-data; boundary=a'],
  ['application/x-www-form-urlencoded', 'application/x-www-form-urlencoded'],
  ['text/plain', 'text/plain'],
  ['text/html', 'application/octet-stream'],
  ['text/javascript', 'application/octet-stream'],
  ['image/svg+xml', 'application/octet-stream'],
  ['text/plain-html', 'application/octet-stream'],
  ['application/json, text/html', 'application/octet-stream'],
  ['', 'application/octet-stream'],
  [undefined, 'application/octet-stream'],
])('a body that came as %j is sent as %j', (given, sent) => {
  expect(safeTypeOf(given === undefined ? [] : [['content-type', given]])).toBe(sent)
})
