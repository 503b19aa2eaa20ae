const SECOND = 1_000
const MINUTE = 60 * SECOND
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR

/** A duration in the two largest units that it has: `840 ms`, `8.2 s`, `41 s`, `6 min 42 s`, `3 h 12 min`, `2 d 4 h`. */
export const duration = (ms: number): string => {
  const length = Math.max(0, ms)
  if (length < SECOND) return `${Math.round(length)} ms`
  if (length < 9.95 * SECOND) return `${(length / SECOND).toFixed(1)} s`
  return inUnits(Math.round(length / SECOND) * SECOND)
}

/** As `duration`, in whole seconds: for what runs while somebody looks. */
export const clock = (ms: number): string => inUnits(Math.round(Math.max(0, ms) / SECOND) * SECOND)

const inUnits = (ms: number): string => {
  if (ms < MINUTE) return `${ms / SECOND} s`
  if (ms < HOUR) return pair(ms, [MINUTE, 'min'], [SECOND, 's'])
  if (ms < DAY) return pair(ms, [HOUR, 'h'], [MINUTE, 'min'])
  return pair(ms, [DAY, 'd'], [HOUR, 'h'])
}

type Unit = readonly [ms: number, name: string]

const pair = (ms: number, [large, largeName]: Unit, [small, smallName]: Unit): string => {
  const rest = Math.floor((ms % large) / small)
  const first = `${Math.floor(ms / large)} ${largeName}`
  return rest === 0 ? first : `${first} ${rest} ${smallName}`
}
