import { expect, test } from 'vitest'
import { keysIn } from './keys.ts'

test.each([
  ['letters', 'pq', ['p', 'q']],
  ['arrows of both kinds', '\u001b[A\u001bOB', ['up', 'down']],
  ['Enter and Escape', '\r\u001b', ['enter', 'escape']],
  ['Ctrl-C', '\u0003', ['interrupt']],
  ['a key that is not known, as a whole', '\u001b[5~x', ['\u001b[5~', 'x']],
])('%s', (_, text, keys) => {
  expect(keysIn(text)).toEqual(keys)
})
