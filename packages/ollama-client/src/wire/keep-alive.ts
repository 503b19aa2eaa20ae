import type { Steps } from '../steps.ts'
import { jsonFieldsInSteps } from './json-fields.ts'

const NANOSECONDS: Record<string, bigint> = {
  ns: 1n,
  us: 1_000n,
  // Go accepts both the micro sign and the Greek mu.
  '\u00b5s': 1_000n,
  '\u03bcs': 1_000n,
  ms: 1_000_000n,
  s: 1_000_000_000n,
  m: 60_000_000_000n,
  h: 3_600_000_000_000n,
}
const GO_MAX = 2n ** 63n - 1n

/**
 * Parses a Go duration (`300ms`, `-1.5h`, `1h30m`, `0`) into nanoseconds.
 * @returns undefined when Go's parser refuses the text
 */
export const parseGoDuration = (text: string): bigint | undefined => {
  const [, sign, rest] = /^([+-]?)(.*)$/s.exec(text)!
  if (rest === '0') return 0n
  if (!/^(?:(?:\d+(?:\.\d*)?|\.\d+)(?:ns|us|\u00b5s|\u03bcs|ms|s|m|h))+$/.test(rest!)) return undefined
  let total = 0n
  for (const [, whole, fraction, unit] of rest!.matchAll(/(\d*)\.?(\d*)([a-z\u00b5\u03bc]+)/g)) {
    const scale = NANOSECONDS[unit!]!
    total += BigInt(whole || 0) * scale + (BigInt(fraction || 0) * scale) / 10n ** BigInt(fraction!.length)
  }
  if (total > GO_MAX) return undefined
  return sign === '-' ? -total : total
}

/**
 * Reads a request's `keep_alive` as Ollama does, in seconds. Any negative value means for ever and becomes `Infinity`. 0 means
 * that the model is unloaded when it is idle, and so does less than a nanosecond, which Ollama rounds to 0. With `'absent'`
 * the runner decides. Ollama refuses an `'invalid'` value with status 400.
 */
export const keepAliveSeconds = (value: unknown): number | 'absent' | 'invalid' => {
  if (value === undefined || value === null) return 'absent'
  if (typeof value === 'number') {
    if (value < 0) return Infinity
    return Math.trunc(value * 1e9) === 0 ? 0 : value
  }
  if (typeof value !== 'string') return 'invalid'
  const nanoseconds = parseGoDuration(value)
  if (nanoseconds === undefined) return 'invalid'
  return nanoseconds < 0n ? Infinity : Number(nanoseconds) / 1e9
}

/** Whether `keep_alive` asks to unload the model: it is exactly 0, as a number or as a duration. */
export const isZeroKeepAlive = (value: unknown): boolean => keepAliveSeconds(value) === 0

const NULL = Buffer.from('null')

/**
 * Replaces the last `keep_alive` in a request's body with null. Ollama then reads it as absent, even if the body has an
 * earlier one. All other bytes stay as they are.
 */
export const withoutKeepAlive = function* (body: Buffer): Steps<Buffer> {
  let last: Buffer | undefined
  const isObject = yield* jsonFieldsInSteps(body, ['keep_alive'], (_name, value) => (last = value))
  if (!isObject || !last) return body
  const at = last.byteOffset - body.byteOffset
  return Buffer.concat([body.subarray(0, at), NULL, body.subarray(at + last.byteLength)])
}
