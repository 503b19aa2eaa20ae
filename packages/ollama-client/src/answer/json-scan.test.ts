import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { JsonBytesScan, JsonScan, type JsonVerdict, MAX_DEPTH } from './json-scan.ts'

const scanned = (...parts: string[]): JsonVerdict => {
  const scan = new JsonScan()
  for (const part of parts) scan.push(part)
  return scan.verdict()
}

/** What JSON.parse says. */
const parsed = (text: string): JsonVerdict => {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? 'object' : 'other'
  } catch {
    return 'broken'
  }
}

const nested = (depth: number, inner = ''): string => '['.repeat(depth) + inner + ']'.repeat(depth)

const TEXTS = [
  '',
  ' ',
  '{}',
  ' {"a" : [ 1 , -0.5e+10, {"b":null}, true,false, "" ] }\r\n\t',
  '[]',
  '"a"',
  '0',
  'null',
  '01',
  '1.',
  '.5',
  '-',
  '+1',
  '1e',
  '1e400',
  '1234567890123456789012345',
  'nul',
  'null1',
  'NaN',
  '{',
  '{"a"}',
  '{"a":}',
  '{"a":1,}',
  '{,}',
  '{a:1}',
  '{"a":1 "b":2}',
  '{"a":1}}',
  '{"a":1]',
  '[1,]',
  '[,1]',
  '[1 2]',
  '[1:2]',
  '{}{}',
  '{} x',
  '{}\u00a0',
  '\ufeff{}',
  '"\\u00e9\\ud800\\n\\/\\"\\\\"',
  '"\\u00g9"',
  '"\\x"',
  '"\\',
  '"a\nb"',
  '"a\u007f\u2028b"',
  '{"__proto__":{"a":1},"__proto__":2}',
  '{"a":true1}',
]

test.each(TEXTS)('%j is judged as JSON.parse judges it', text => {
  expect(scanned(text)).toBe(parsed(text))
})

test.each(TEXTS)('%j is judged alike however it is cut', text => {
  expect(scanned(...text.split(''))).toBe(scanned(text))
})

test('any JSON is accepted, and with one character more or less it is judged as JSON.parse judges it', () => {
  fc.assert(
    fc.property(
      fc.json(),
      fc.nat(),
      fc.constantFrom(...'{}[]",:\\ 01.eE+-tu\n'.split('')),
      (json, place, other) => {
        const at = place % (json.length + 1)
        for (const text of [
          json,
          json.slice(0, at) + json.slice(at + 1),
          json.slice(0, at) + other + json.slice(at),
        ]) {
          expect(scanned(text.slice(0, at), text.slice(at))).toBe(parsed(text))
        }
      },
    ),
    { numRuns: 500 },
  )
})

describe('depth', () => {
  test.each<[number, JsonVerdict]>([
    [MAX_DEPTH, 'other'],
    [MAX_DEPTH + 1, 'too_deep'],
    [6_000, 'too_deep'],
  ])('of %i levels', (depth, expected) => {
    expect(scanned(nested(depth))).toBe(expected)
    expect(scanned(`{"a":${nested(depth - 1)}}`)).toBe(expected === 'other' ? 'object' : expected)
  })

  test('is that of the deepest place, not the sum of all', () => {
    expect(scanned(`[${Array<string>(1_000).fill('[[]]').join()}]`)).toBe('other')
  })

  test.each([
    ['brackets', '['.repeat(6_000)],
    ['brackets behind a quote', `\\"${'{'.repeat(6_000)}`],
    ['brackets behind backslashes', `\\\\\\"${'{'.repeat(6_000)}`],
  ])('does not count %s in a text', (_what, text) => {
    expect(scanned(`{"a":"${text}","b":[]}`)).toBe('object')
  })
})

test.each<[digits: number, verdict: JsonVerdict]>([
  [1_000, 'object'],
  [1_001, 'broken'],
])('a number has at most 1,000 characters: %i', (digits, verdict) => {
  const number = '1'.repeat(digits)
  expect(scanned(`{"a":${number}}`)).toBe(verdict)
  expect(scanned('{"a":', ...number.split(''), '}')).toBe(verdict)
})

describe('bytes', () => {
  const scannedBytes = (...parts: Uint8Array[]): JsonVerdict => {
    const scan = new JsonBytesScan()
    for (const part of parts) scan.push(part)
    return scan.verdict()
  }

  test('may be cut within a character', () => {
    const bytes = Buffer.from('{"a":"é€😀"}')
    expect(scannedBytes(...[...bytes].map(byte => Uint8Array.of(byte)))).toBe('object')
  })

  test.each([
    ['are not UTF-8', [0xff]],
    ['break off within a character', [0xe2, 0x82]],
  ])('that %s are no JSON', (_what, bytes) => {
    expect(scannedBytes(Buffer.from('{"a":"'), Uint8Array.from(bytes), Buffer.from('"}'))).toBe('broken')
    expect(scannedBytes(Buffer.from('{}'), Uint8Array.from(bytes))).toBe('broken')
  })
})
