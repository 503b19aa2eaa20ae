import { expect, test } from 'vitest'
import { escapeJson, safeJson, safeLine, safeText } from './safe-text.ts'

test.each([
  ['a colour', '\u001b[31m red', '␛[31m red'],
  ['an 8-bit escape', '\u009b31m red', '\ufffd31m red'],
  ['a bell', 'ding\u0007', 'ding␇'],
  ['an erased letter', 'a\bb\u007f', 'a␈b␡'],
  ['text in another order', 'a\u202egnp.exe\u2066', 'a\ufffdgnp.exe\ufffd'],
  ['a line that is written over', 'good\rbad', 'good␍bad'],
  ['lines of Windows', 'one\r\ntwo', 'one\ntwo'],
  ['lines and tabs', 'one\n\ttwo', 'one\n\ttwo'],
  ['what is harmless', 'Grüße 🙂 日本', 'Grüße 🙂 日本'],
])('of %s a terminal is shown a picture', (_, text, shown) => {
  expect(safeText(text)).toBe(shown)
})

test('a name stays on its line', () => {
  expect(safeLine('one\n\ttwo')).toBe('one␊␉two')
})

test('JSON has no such characters, and is the same value', () => {
  const value = { text: 'a\u001b\u009b\u202e\u007f\n' }
  const json = safeJson(value)
  expect(json).toBe(String.raw`{"text":"a\u001b\u009b\u202e\u007f\n"}`)
  expect(JSON.parse(json)).toEqual(value)
  expect(escapeJson('{"n":1234567890123456789}')).toBe('{"n":1234567890123456789}')
})
