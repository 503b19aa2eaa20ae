import { monitorEventLoopDelay, performance } from 'node:perf_hooks'

/** What a process says of itself with each heartbeat. */
export interface OwnFigures {
  readonly residentBytes: number
  /** The CPU time of all its threads so far. */
  readonly cpuMs: number
  /** How late its event loop was at the most, but for one time in a hundred, since it was asked last. */
  readonly loopLagMs: number
}

/** How often it is looked how late the event loop is. No JavaScript runs for that, but the process wakes up. */
const RESOLUTION_MS = 20
/** An event loop that works less than one time in a hundred is not late, but for one time in a hundred. */
const IDLE = 0.01
const NS_PER_MS = 1e6
const US_PER_MS = 1_000

/** Reads the figures of this process. An idle process does not wake up for them. */
export class OwnFiguresReader {
  readonly #delays = monitorEventLoopDelay({ resolution: RESOLUTION_MS })
  #utilized = performance.eventLoopUtilization()

  constructor() {
    this.#delays.enable()
  }

  read(): OwnFigures {
    const { user, system } = process.cpuUsage()
    return {
      residentBytes: process.memoryUsage.rss(),
      cpuMs: Math.round((user + system) / US_PER_MS),
      loopLagMs: this.#loopLagMs(),
    }
  }

  /** What begins after an idle time is measured from the next call on. */
  #loopLagMs(): number {
    const utilized = performance.eventLoopUtilization()
    const { utilization } = performance.eventLoopUtilization(utilized, this.#utilized)
    this.#utilized = utilized
    // What is measured is the time between two looks.
    const lagMs = this.#delays.percentile(99) / NS_PER_MS - RESOLUTION_MS
    this.#delays.reset()
    if (utilization < IDLE) this.#delays.disable()
    else this.#delays.enable()
    return Math.max(0, Math.round(lagMs))
  }
}
