import { jsonFields } from './json-fields.ts'

const NANOSECONDS: Record<string, bigint> = {
  ns: 1n,
  us: 1_000n,
  // Go takes both the micro sign and the Greek mu.
  '\u00b5s': 1_000n,
  '\u03bcs': 1_000n,
  ms: 1_000_000n,
  s: 1_000_000_000n,
  m: 60_000_000_000n,
  h: 3_600_000_000_000n,
}
const GO_MAX = 2n ** 63n - 1n

/** Nanoseconds of a Go duration (`300ms`, `-1.5h`, `1h30m`, `0`); undefined for what Go's parser refuses. */
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
 * What a request's `keep_alive` means to Ollama, in seconds: `Infinity` for ever (any negative value), exactly 0
 * for "unload when idle" (also for less than a nanosecond, which Ollama rounds to 0). `'absent'` leaves it to the
 * runner; `'invalid'` is refused with status 400.
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

/** Whether `keep_alive` says "unload": exactly 0, as a number or as a duration. */
export const isZeroKeepAlive = (value: unknown): boolean => keepAliveSeconds(value) === 0

const NULL = Buffer.from('null')

/** The body of a request with its `keep_alive` made null, which Ollama reads as absent; all else stays as it is. */
export const withoutKeepAlive = (body: Buffer): Buffer => {
  const pieces: Buffer[] = []
  let kept = 0
  const isObject = jsonFields(body, ['keep_alive'], (_name, value) => {
    const at = value.byteOffset - body.byteOffset
    pieces.push(body.subarray(kept, at), NULL)
    kept = at + value.byteLength
  })
  return isObject && kept > 0 ? Buffer.concat([...pieces, body.subarray(kept)]) : body
}
