/**
 * Where a key leads from one of several things in a row. Undefined: nowhere.
 *
 * @param at which one has the focus, from 0
 */
export const walk = (key: string, at: number, count: number): number | undefined => {
  const last = count - 1
  const to = { ArrowLeft: at - 1, ArrowRight: at + 1, Home: 0, End: last }[key]
  return to === undefined || count === 0 ? undefined : Math.min(last, Math.max(0, to))
}
