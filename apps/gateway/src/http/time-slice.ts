import { setImmediate } from 'node:timers/promises'

/** Long work is done in slices of this length. Other callers are served in between. */
export const SLICE_MS = 5

/** Divides long work into slices of time. */
export class TimeSlice {
  #end = performance.now() + SLICE_MS

  /** Whether the slice is over. Then call `rest` before the next step of the work. */
  get isOver(): boolean {
    return performance.now() >= this.#end
  }

  /** Lets other callers be served, and begins the next slice. */
  async rest(): Promise<void> {
    await setImmediate()
    this.#end = performance.now() + SLICE_MS
  }
}
