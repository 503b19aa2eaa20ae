import { describe, expect, test } from 'vitest'
import { isWithinBounds, MAX_DEPTH, MAX_PARTS } from './bounds.ts'

const nested = (depth: number, inner = ''): string => '['.repeat(depth) + inner + ']'.repeat(depth)

describe('depth', () => {
  test.each([
    [MAX_DEPTH, true],
    [MAX_DEPTH + 1, false],
    [6_000, false],
  ])('of %i levels', (depth, expected) => {
    expect(isWithinBounds(nested(depth))).toBe(expected)
    expect(isWithinBounds(`{"a":${nested(depth - 1, '{}')}}`)).toBe(depth < MAX_DEPTH)
  })

  test('is that of the deepest place, not the sum of all', () => {
    expect(isWithinBounds(`[${Array<string>(1_000).fill('[[]]').join()}]`)).toBe(true)
  })

  test.each([
    ['brackets', '['.repeat(6_000)],
    ['brackets behind a quote', `\\"${'{'.repeat(6_000)}`],
    ['brackets behind backslashes', `\\\\\\"${'{'.repeat(6_000)}`],
  ])('does not count %s in a text', (_what, text) => {
    expect(isWithinBounds(`{"a":"${text}","b":[]}`)).toBe(true)
  })

  test('counts what comes behind a text that ends with a backslash', () => {
    expect(isWithinBounds(`["a\\\\",${nested(6_000)}]`)).toBe(false)
  })

  test('of a text that does not end', () => {
    expect(isWithinBounds('["abc')).toBe(true)
    expect(isWithinBounds('["abc\\')).toBe(true)
  })
})

test.each([
  [MAX_PARTS, true],
  [MAX_PARTS + 1, false],
])('of %i lists and fields', (parts, expected) => {
  expect(isWithinBounds(`[${'[],'.repeat(parts - 2)}[]]`)).toBe(expected)
})
