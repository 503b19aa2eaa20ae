/** How long a value may be used before it is read again. */
const MAX_AGE_MS = 1_000

export interface CachedOptions<T> {
  readonly read: () => T
  readonly now: () => number
}

/**
 * Makes a costly look-up cheap: `read` runs at most once a second, and the value serves everybody in between. After
 * the clock was set back, the value counts as old.
 */
export const cached = <T>({ read, now }: CachedOptions<T>): (() => T) => {
  let last: { readonly value: T; readonly readAt: number } | undefined
  return () => {
    const readAt = now()
    if (!last || Math.abs(readAt - last.readAt) >= MAX_AGE_MS) last = { value: read(), readAt }
    return last.value
  }
}
