import { createStore } from '../store/store.ts'
import { useStore } from '../store/use-store.ts'
import { serverNow } from './live.ts'

const TICK_MS = 1_000

const now = createStore(serverNow())
setInterval(() => {
  // A page that nobody sees need not be drawn.
  if (document.visibilityState === 'visible') now.set(serverNow())
}, TICK_MS)
document.addEventListener('visibilitychange', () => now.set(serverNow()))

/** The time of the server. It runs once a second. */
export const useNow = (): number => useStore(now)
