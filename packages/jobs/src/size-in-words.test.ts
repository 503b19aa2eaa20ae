import { expect, test } from 'vitest'
import { sizeInWords } from './size-in-words.ts'

test.each([
  [0, '0 B'],
  [999, '999 B'],
  [1_500, '1.5 kB'],
  [8_000_000, '8 MB'],
  [42_000_000_000, '42 GB'],
  [9.1e15, '9100 TB'],
])('%d bytes are shown as %s', (value, text) => {
  expect(sizeInWords(value)).toBe(text)
})
