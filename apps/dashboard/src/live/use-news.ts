import { useEffect, useRef } from 'preact/hooks'
import { useStore } from '../store/use-store.ts'
import { live } from './live.ts'

const LEAST_MS = 2_000

/**
 * Calls `onNews` when something has happened in the queue, while the page can be seen.
 *
 * @param leastMs what lies between two calls at least
 */
export const useNews = (onNews: () => void, leastMs = LEAST_MS): void => {
  const receivedAt = useStore(live, state => state.receivedAt)
  const last = useRef({ at: performance.now(), receivedAt })
  useEffect(() => {
    if (receivedAt === last.current.receivedAt) return
    const waitMs = Math.max(0, last.current.at + leastMs - performance.now())
    const timer = setTimeout(() => {
      if (document.visibilityState === 'hidden') return
      last.current = { at: performance.now(), receivedAt }
      onNews()
    }, waitMs)
    return () => clearTimeout(timer)
  }, [receivedAt, leastMs])
}
