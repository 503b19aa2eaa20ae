import { setImmediate } from 'node:timers/promises'

/**
 * Does something for each item, for at most `limit` of them at a time, and lets other requests be served after each item. After
 * the first failure it begins with no other item.
 *
 * @throws the first failure
 */
export const severalAtOnce = async <T>(
  limit: number,
  items: readonly T[],
  act: (item: T) => Promise<void>,
): Promise<void> => {
  const rest = items.values()
  let hasFailed = false
  const work = async (): Promise<void> => {
    for (const item of rest) {
      try {
        await act(item)
      } catch (error) {
        hasFailed = true
        throw error
      }
      await setImmediate()
      if (hasFailed) return
    }
  }
  await Promise.all(Array.from({ length: Math.min(limit, items.length) }, work))
}
