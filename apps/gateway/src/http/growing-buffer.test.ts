import { describe, expect, test } from 'vitest'
import { GrowingBuffer } from './growing-buffer.ts'

const MB = 1024 * 1024
const PIECE = Buffer.alloc(MB, 'x')

/** Appends so many pieces of 1 MB. @returns the buffer, and how much more memory buffers took at the most meanwhile */
const fill = (pieces: number, expectedBytes: number) => {
  const before = process.memoryUsage().arrayBuffers
  const buffer = new GrowingBuffer(expectedBytes)
  let mostBytes = 0
  const taken = () => process.memoryUsage().arrayBuffers - before
  for (let i = 0; i < pieces; i++) {
    buffer.append(PIECE)
    mostBytes = Math.max(mostBytes, taken())
  }
  return { buffer, mostBytes, taken }
}

describe('a growing buffer', () => {
  test('has the pieces in their order, and leaves them as they are', () => {
    const pieces = ['a', 'bc', 'def', 'g'.repeat(100)].map(text => Buffer.from(text))
    const buffer = new GrowingBuffer(1_000)
    for (const piece of pieces) buffer.append(piece)
    expect(buffer.bytes().toString()).toBe(`abcdef${'g'.repeat(100)}`)
    buffer.discard()
    expect(pieces[0]?.toString()).toBe('a')
  })

  test('frees its former memory each time it grows, without waiting for a garbage collection', () => {
    const { mostBytes, buffer } = fill(64, 64 * MB)
    expect(buffer.bytes()).toHaveLength(64 * MB)
    expect(mostBytes).toBeLessThan(66 * MB)
  })

  test('that is discarded frees its memory at once, and never that of its first piece', () => {
    const { buffer, taken } = fill(64, 64 * MB)
    buffer.discard()
    expect(taken()).toBeLessThan(2 * MB)
    expect(buffer.bytes()).toHaveLength(0)

    const { buffer: small } = fill(1, MB)
    small.discard()
    expect(PIECE).toHaveLength(MB)
  })
})

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
