import { createStore } from '../store/store.ts'
import { useStore } from '../store/use-store.ts'
import { live, serverNow } from './live.ts'

const TICK_MS = 1_000

/** How often the clocks of the page have been drawn. */
const ticks = createStore(0)
const now = createStore(serverNow())

const tick = (): void => {
  // A page that nobody sees need not be drawn.
  if (document.visibilityState === 'hidden') return
  ticks.set(last => last + 1)
  // What is known from before the connection was lost stays as it was.
  if (live.get().stream.kind !== 'lost') now.set(serverNow())
}

setInterval(tick, TICK_MS)
document.addEventListener('visibilitychange', tick)

/** The time of the server. It runs once a second, and stands still while the server cannot be reached. */
export const useNow = (): number => useStore(now)

/** Draws a component once a second. */
export const useTick = (): void => void useStore(ticks)
