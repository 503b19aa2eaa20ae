import { expect, test } from 'vitest'
import { GrowingBuffer } from './growing-buffer.ts'

test.each([
  ['nothing', []],
  ['one piece', [5]],
  ['an empty piece first', [0, 5, 3]],
  ['many small pieces', Array<number>(1_000).fill(7)],
  ['more than what is copied at once', [3_000_000, 3_000_000, 3_000_000, 3_000_000]],
])('a body of %s is collected in order', (_what, lengths) => {
  const pieces = lengths.map((length, at) => Buffer.alloc(length, at + 1))
  const whole = Buffer.concat(pieces)
  const buffer = new GrowingBuffer(Math.max(1, whole.byteLength))
  for (const piece of pieces) buffer.append(piece)
  expect(buffer.bytes().equals(whole)).toBe(true)
})
