import { describe, expect, test } from 'vitest'
import { isZeroKeepAlive, keepAliveSeconds, parseGoDuration } from './keep-alive.ts'

describe('parseGoDuration', () => {
  test.each<[text: string, nanoseconds: bigint | undefined]>([
    ['0', 0n],
    ['-0', 0n],
    ['+0', 0n],
    ['0s', 0n],
    ['-0s', 0n],
    ['0h0m', 0n],
    ['1ns', 1n],
    ['300ms', 300_000_000n],
    ['5m', 300_000_000_000n],
    ['1h30m', 5_400_000_000_000n],
    ['1h1h', 7_200_000_000_000n],
    ['1.5h', 5_400_000_000_000n],
    ['-1.5h', -5_400_000_000_000n],
    ['+2s', 2_000_000_000n],
    ['.5s', 500_000_000n],
    ['5.s', 5_000_000_000n],
    ['3us', 3_000n],
    ['3\u00b5s', 3_000n],
    ['3\u03bcs', 3_000n],
    ['0.9ns', 0n],
    ['9223372036854775807ns', 9_223_372_036_854_775_807n],
    ['9223372036854775808ns', undefined],
    ['300000h1000000h2000000h', undefined],
    ['', undefined],
    ['-', undefined],
    ['00', undefined],
    ['0.0', undefined],
    ['5', undefined],
    ['-1', undefined],
    ['abc', undefined],
    ['s', undefined],
    ['.s', undefined],
    ['5 m', undefined],
    [' 5m', undefined],
    ['5m ', undefined],
    ['5m\n', undefined],
    ['5M', undefined],
    ['1d', undefined],
    ['1h-5m', undefined],
    ['1e3s', undefined],
    ['\u0661s', undefined],
  ])('%j is %s', (text, nanoseconds) => {
    expect(parseGoDuration(text)).toBe(nanoseconds)
  })
})

test('a long row of digits is refused quickly', () => {
  const begin = performance.now()
  expect(parseGoDuration('1'.repeat(60_000))).toBeUndefined()
  expect(performance.now() - begin).toBeLessThan(500)
})

describe('keepAliveSeconds', () => {
  test.each<[value: unknown, seconds: number | 'absent' | 'invalid']>([
    [undefined, 'absent'],
    [null, 'absent'],
    [0, 0],
    [-0, 0],
    [1e-10, 0],
    [1e-9, 1e-9],
    [0.5, 0.5],
    [300, 300],
    [-1, Infinity],
    [-1e-10, Infinity],
    ['0', 0],
    ['0s', 0],
    ['-0s', 0],
    ['0h0m', 0],
    ['0.9ns', 0],
    ['1ns', 1e-9],
    ['300ms', 0.3],
    ['10m', 600],
    ['-1s', Infinity],
    ['5', 'invalid'],
    ['-1', 'invalid'],
    ['', 'invalid'],
    ['abc', 'invalid'],
    [true, 'invalid'],
    [{}, 'invalid'],
    [[0], 'invalid'],
  ])('%j is %s', (value, seconds) => {
    expect(keepAliveSeconds(value)).toBe(seconds)
    expect(isZeroKeepAlive(value)).toBe(seconds === 0)
  })
})
