import { monitorEventLoopDelay } from 'node:perf_hooks'

/** What a process says of itself with each heartbeat. */
export interface OwnFigures {
  readonly residentBytes: number
  /** The CPU time of all its threads so far. */
  readonly cpuMs: number
  /** How late its event loop was at the most, but for one time in a hundred, since it was asked last. */
  readonly loopLagMs: number
}

/** How often it is looked how late the event loop is. No JavaScript runs for that. */
const RESOLUTION_MS = 20
const NS_PER_MS = 1e6
const US_PER_MS = 1_000

/** Reads the figures of this process. */
export class OwnFiguresReader {
  readonly #delays = monitorEventLoopDelay({ resolution: RESOLUTION_MS })

  constructor() {
    this.#delays.enable()
  }

  read(): OwnFigures {
    const { user, system } = process.cpuUsage()
    // What is measured is the time between two looks.
    const lagMs = this.#delays.percentile(99) / NS_PER_MS - RESOLUTION_MS
    this.#delays.reset()
    return {
      residentBytes: process.memoryUsage.rss(),
      cpuMs: Math.round((user + system) / US_PER_MS),
      loopLagMs: Math.max(0, Math.round(lagMs)),
    }
  }
}
