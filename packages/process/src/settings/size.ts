const units = ['b', 'kb', 'mb', 'gb', 'tb']
const binaryUnits = ['b', 'kib', 'mib', 'gib', 'tib']

/**
 * The bytes of a size such as `512KB`, `100MB` or `1GB`, or of `0`. kB, MB, GB and TB are powers of 1000; KiB, MiB, GiB
 * and TiB are powers of 1024; the case of the unit does not matter.
 *
 * @returns undefined for anything else
 */
export const parseSize = (text: string): number | undefined => {
  if (text === '0') return 0
  const [, digits, unit] = /^(\d+)([a-z]+)$/.exec(text.toLowerCase()) ?? []
  if (digits === undefined || unit === undefined) return undefined
  const bytes = Number(digits) * factorOf(unit)
  return Number.isSafeInteger(bytes) ? bytes : undefined
}

const factorOf = (unit: string): number => {
  if (units.includes(unit)) return 1000 ** units.indexOf(unit)
  if (binaryUnits.includes(unit)) return 1024 ** binaryUnits.indexOf(unit)
  return Number.NaN
}
