import type { Clock } from '../clock.ts'

/** A clock for tests: it stands still until it is told to go on. */
export class ManualClock implements Clock {
  #nowMs = 0
  #timers: { dueMs: number; run: () => void }[] = []

  now(): number {
    return this.#nowMs
  }

  after(ms: number, run: () => void): () => void {
    const timer = { dueMs: this.#nowMs + ms, run }
    this.#timers.push(timer)
    return () => {
      this.#timers = this.#timers.filter(other => other !== timer)
    }
  }

  /** Lets `ms` pass: runs what falls due, each at its time, and whatever follows from it. */
  async pass(ms: number): Promise<void> {
    const untilMs = this.#nowMs + ms
    await settled()
    for (;;) {
      const [next] = this.#timers
        .filter(({ dueMs }) => dueMs <= untilMs)
        .toSorted((a, b) => a.dueMs - b.dueMs)
      if (next === undefined) break
      this.#nowMs = next.dueMs
      this.#timers = this.#timers.filter(other => other !== next)
      next.run()
      await settled()
    }
    this.#nowMs = untilMs
  }
}

/** Everything that only waits for promises has happened. */
const settled = () => new Promise(resolve => setImmediate(resolve))
