import type { Standing } from './slots.ts'

/** How a delivery attempt to a host went. */
export interface Experience {
  readonly isAnswered: boolean
  readonly durationMs: number
}

/** A host that needs longer for its answers gets no more than a host that foreman does not know. */
const SOON_MS = 5_000
/** An attempt that fails sooner, such as a refused connection, keeps nobody waiting and needs no pause. */
const SILENT_AFTER_MS = 1_000
/** The pause after the first attempt that a host did not answer. Each further one doubles it. */
const FIRST_PAUSE_MS = 5_000
/** So a receiver that is back hears of everything within a minute. */
const LONGEST_PAUSE_MS = 60_000
/** How many hosts of either kind are remembered. */
const MAX_HOSTS = 1_000

interface Silence {
  readonly attempts: number
  readonly pausedUntil: number
}

/**
 * Remembers which hosts answered the last delivery attempt that foreman made to them. All times come from one steady
 * clock.
 */
export class Hosts {
  readonly #answering = new Map<string, true>()
  readonly #silent = new Map<string, Silence>()

  /**
   * @param failures how many attempts at the first message for the host have failed. With any failure, a host that
   *   this object does not know counts as silent: a worker that was restarted remembers no host.
   */
  standingOf(host: string, failures: number): Standing {
    if (this.#answering.has(host)) return 'answers'
    return this.#silent.has(host) || failures > 0 ? 'silent' : 'unknown'
  }

  /** How long until a message may be sent to the host. */
  pauseMs(host: string, now: number): number {
    return Math.max(0, (this.#silent.get(host)?.pausedUntil ?? 0) - now)
  }

  note(host: string, { isAnswered, durationMs }: Experience, now: number): void {
    const silences = this.#silent.get(host)?.attempts ?? 0
    this.#answering.delete(host)
    this.#silent.delete(host)
    if (isAnswered && durationMs <= SOON_MS) remember(this.#answering, host, true)
    if (isAnswered || durationMs < SILENT_AFTER_MS) return
    const pauseMs = Math.min(FIRST_PAUSE_MS * 2 ** silences, LONGEST_PAUSE_MS)
    remember(this.#silent, host, { attempts: silences + 1, pausedUntil: now + pauseMs })
  }
}

/** Makes room by forgetting the host of which nothing was heard for the longest time. */
const remember = <T>(hosts: Map<string, T>, host: string, value: T): void => {
  const [oldest] = hosts.keys()
  if (oldest !== undefined && hosts.size >= MAX_HOSTS) hosts.delete(oldest)
  hosts.set(host, value)
}
