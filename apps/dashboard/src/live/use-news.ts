import { useEffect, useRef } from 'preact/hooks'
import { useStore } from '../store/use-store.ts'
import { live } from './live.ts'

const LEAST_MS = 2_000
/** The snapshot does not have everything: what it does not have is asked for after this time all the same. */
const QUIET_MS = 10_000

/**
 * Calls `onNews` when something has happened in the queue, and now and then, while the page can be seen.
 *
 * @param leastMs what lies between two calls at least
 */
export const useNews = (onNews: () => void, leastMs = LEAST_MS): void => {
  const receivedAt = useStore(live, state => state.receivedAt)
  const last = useRef({ at: performance.now(), receivedAt, onNews })
  last.current.onNews = onNews
  const isNews = receivedAt !== last.current.receivedAt
  useEffect(() => {
    const call = () => {
      if (document.visibilityState === 'hidden') return
      last.current = { ...last.current, at: performance.now(), receivedAt }
      last.current.onNews()
    }
    const waitMs = Math.max(0, last.current.at + leastMs - performance.now())
    const soon = isNews ? setTimeout(call, waitMs) : undefined
    const later = setInterval(call, Math.max(QUIET_MS, leastMs))
    return () => {
      clearTimeout(soon)
      clearInterval(later)
    }
  }, [receivedAt, leastMs])
}
