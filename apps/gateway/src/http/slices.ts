import type { Steps } from '@foreman/ollama-client'
import { setImmediate } from 'node:timers/promises'
import { SLICE_MS } from './time-slice.ts'

let lastTurn: Promise<void> = Promise.resolve()

/**
 * Waits for a turn of the event loop in which no other slice is done: a hundred large requests delay others no more than
 * one does.
 */
export const nextTurn = (): Promise<void> => {
  lastTurn = lastTurn.then(() => setImmediate())
  return lastTurn
}

/** Does work in slices. What fits into one step is done at once. */
export const inSlices = async <T>(steps: Steps<T>): Promise<T> => {
  let next = steps.next()
  while (!next.done) {
    await nextTurn()
    const sliceEnd = performance.now() + SLICE_MS
    do next = steps.next()
    while (!next.done && performance.now() < sliceEnd)
  }
  return next.value
}
