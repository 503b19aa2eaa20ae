import type { Steps } from '@foreman/ollama-client'
import { setImmediate } from 'node:timers/promises'

/** Long work is done in slices of this length. Other callers are served in between. */
const SLICE_MS = 5

let lastSlice: Promise<void> = Promise.resolve()

/**
 * Waits until the next slice may begin: the event loop has gone round, and no other slice is done in this round. So a
 * hundred large requests delay others no more than one does.
 */
const nextSlice = (): Promise<void> => {
  lastSlice = lastSlice.then(() => setImmediate())
  return lastSlice
}

/** Divides long work into slices of time. */
export class TimeSlice {
  #end = performance.now() + SLICE_MS

  /** Whether the slice is over. Then call `rest` before the next step of the work. */
  get isOver(): boolean {
    return performance.now() >= this.#end
  }

  /** Lets other callers be served, and begins the next slice. */
  async rest(): Promise<void> {
    await nextSlice()
    this.begin()
  }

  /** Begins a slice. For work that was idle: time that passed without work is no reason to rest. */
  begin(): void {
    this.#end = performance.now() + SLICE_MS
  }
}

/** Does work in slices. What fits into one step is done at once. */
export const inSlices = async <T>(steps: Steps<T>): Promise<T> => {
  let next = steps.next()
  const slice = new TimeSlice()
  while (!next.done) {
    await slice.rest()
    do next = steps.next()
    while (!next.done && !slice.isOver)
  }
  return next.value
}
