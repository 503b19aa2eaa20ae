import { goQuote } from './encode.ts'

const UNIT_MS = new Map([
  ['ns', 1e-6],
  ['us', 1e-3],
  ['µs', 1e-3],
  ['μs', 1e-3],
  ['ms', 1],
  ['s', 1000],
  ['m', 60_000],
  ['h', 3_600_000],
])

/** Milliseconds of a Go duration such as `1h30m` or `-1.5s`. Throws with the text of Go's time.ParseDuration. */
export const parseGoDuration = (text: string): number => {
  const signed = /^([+-]?)(.*)$/s.exec(text)
  let rest = signed?.[2] ?? ''
  if (rest === '0') return 0
  if (rest === '') throw new Error(`time: invalid duration ${goQuote(text)}`)
  let ms = 0
  while (rest !== '') {
    const [whole = '', number = '', unit = ''] = /^([0-9]*\.?[0-9]*)([^0-9.]*)/.exec(rest) ?? []
    if (number === '' || number === '.') throw new Error(`time: invalid duration ${goQuote(text)}`)
    if (unit === '') throw new Error(`time: missing unit in duration ${goQuote(text)}`)
    const unitMs = UNIT_MS.get(unit)
    if (unitMs === undefined)
      throw new Error(`time: unknown unit ${goQuote(unit)} in duration ${goQuote(text)}`)
    ms += Number(number) * unitMs
    rest = rest.slice(whole.length)
  }
  // Go counts nanoseconds in 64 bits.
  if (ms * 1e6 > 2 ** 63) throw new Error(`time: invalid duration ${goQuote(text)}`)
  return signed?.[1] === '-' ? -ms : ms
}
