/** How long a value may be used before it is read again. */
const MAX_AGE_MS = 1_000

export interface CachedOptions<T> {
  readonly read: () => Promise<T>
  readonly now: () => number
  /** Default: a second. */
  readonly maxAgeMs?: number
}

/**
 * Makes a costly look-up cheap: `read` runs at most once in this time, and the value serves everybody in between. Whoever asks
 * while it runs waits for it, too. After the clock was set back, the value counts as old. A failure is not kept.
 */
export const cached = <T>({ read, now, maxAgeMs = MAX_AGE_MS }: CachedOptions<T>): (() => Promise<T>) => {
  let last: { readonly value: T; readonly readAt: number } | undefined
  let reading: Promise<T> | undefined
  const readNow = async (): Promise<T> => {
    const value = await read()
    last = { value, readAt: now() }
    return value
  }
  return async () => {
    if (last && !reading && Math.abs(now() - last.readAt) < maxAgeMs) return last.value
    reading ??= readNow().finally(() => (reading = undefined))
    return reading
  }
}
