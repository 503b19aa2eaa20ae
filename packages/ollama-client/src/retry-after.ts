/**
 * How long a Retry-After header asks to wait. Its value is a number of seconds or a date.
 * @returns undefined when it is neither
 */
export const retryAfterMs = (value: string | undefined, nowMs: number): number | undefined => {
  if (value === undefined) return undefined
  if (/^\d+$/.test(value)) return Number(value) * 1_000
  const at = Date.parse(value)
  return Number.isNaN(at) ? undefined : Math.max(at - nowMs, 0)
}
