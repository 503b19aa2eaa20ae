import type { OllamaClient } from '@foreman/ollama-client'
import type { Service } from '@foreman/process'
import type { Logger } from '@foreman/process/logger'
import { type Store, TARGET_IS_FOREMAN, type TargetState } from '@foreman/store'
import pRetry from 'p-retry'
import { contain, writeQuietly } from '../persist.ts'
import { ask, MAX_VERSION_BYTES, timeLimit } from './ask.ts'
import { LoadingLearner } from './learn-loading.ts'
import { pollTarget } from './poll.ts'
import type { TargetProbe } from './target-probe.ts'

const PROBE_INTERVAL_MS = 500
/** The gateway's answer to a request that this deployment has sent itself. */
const LOOP_DETECTED = 508

const REASONS: Readonly<Record<Exclude<TargetProbe, 'there'>, string>> = {
  gone: 'it does not answer',
  refuses_credentials: "it refuses foreman's credentials",
  is_foreman: TARGET_IS_FOREMAN,
}

export interface TargetMonitorOptions {
  readonly client: OllamaClient
  readonly store: Store
  readonly logger: Logger
  readonly pollIntervalMs: number
  readonly now: () => number
  /** Called when the target has come back, or is there for the first time, and has been polled. */
  readonly onReturn: (resident: readonly string[]) => void
  /** Called when more is known about how this model loads. */
  readonly onModel: (name: string) => void
  /** Called after each later poll. */
  readonly onPoll: (resident: readonly string[]) => void
}

/**
 * Knows whether the target is there, waits for it when it is away, and keeps its lists of models and its version in
 * the file.
 *
 * Starting it twice is like starting it once. `stop()` may come at any time and more than once: requests in flight
 * are cut off, no callback follows, and a monitor that was stopped does not start again.
 */
export class TargetMonitor implements Service {
  readonly #options: TargetMonitorOptions
  readonly #learner: LoadingLearner
  readonly #stop = new AbortController()
  #hasStarted = false
  #state: TargetState = 'unknown'
  #awayReason: string | undefined
  #suspectedAt = 0
  #pollTimer: NodeJS.Timeout | undefined
  #waitTimer: NodeJS.Timeout | undefined
  #isWaiting = false
  #isPolling = false

  constructor(options: TargetMonitorOptions) {
    this.#options = options
    this.#learner = new LoadingLearner({ ...options, stopped: this.#stop.signal })
  }

  get isUp(): boolean {
    return this.#state === 'up'
  }

  start(): void {
    if (this.#hasStarted || this.#isStopped) return
    this.#hasStarted = true
    const { store, logger } = this.#options
    const read = () => (this.#suspectedAt = store.target.read().suspectedAt ?? 0)
    // Without it the target is polled once more.
    contain(read, logger, 'read whether a gateway suspects the target')
    void this.#waitForReturn()
  }

  stop(): void {
    clearTimeout(this.#pollTimer)
    clearTimeout(this.#waitTimer)
    this.#stop.abort(new Error('the worker stops'))
  }

  /** A job or a poll found the target away. No job is sent until the target answers again. */
  lost(reason: string): void {
    if (this.#isStopped) return
    if (this.#state !== 'away') this.#noteAway(reason)
    clearTimeout(this.#pollTimer)
    void this.#waitForReturn()
  }

  /** Polls the target if a gateway has written into the file that it may be away. */
  heedSuspicion(): void {
    const suspectedAt = this.#options.store.target.read().suspectedAt ?? 0
    if (suspectedAt === this.#suspectedAt) return
    this.#suspectedAt = suspectedAt
    this.check()
  }

  /** Polls the target now, because something suggests that it is away. */
  check(): void {
    if (this.isUp) void this.#poll()
  }

  /** Asks for the version, the simplest thing to ask for. */
  async probe(): Promise<TargetProbe> {
    try {
      const { status } = await ask(this.#options.client, {
        path: '/api/version',
        signal: timeLimit(this.#stop.signal),
        maxBytes: MAX_VERSION_BYTES,
      })
      if (status === 401 || status === 403) return 'refuses_credentials'
      if (status === LOOP_DETECTED) return 'is_foreman'
      return status < 300 ? 'there' : 'gone'
    } catch {
      return 'gone'
    }
  }

  get #isStopped(): boolean {
    return this.#stop.signal.aborted
  }

  async #waitForReturn(): Promise<void> {
    if (this.#isWaiting) return
    this.#isWaiting = true
    const resident = await this.#returned()
    this.#isWaiting = false
    if (this.#isStopped) return
    if (!resident) {
      // It answered, and was away again before it could be polled.
      this.#waitTimer = setTimeout(() => void this.#waitForReturn(), PROBE_INTERVAL_MS)
      return
    }
    const { logger, onReturn } = this.#options
    this.#note('up', null)
    logger.info({ resident }, 'the target is there')
    contain(() => onReturn(resident), logger, 'go on after the return of the target')
    this.#afterPoll()
  }

  /** @returns the models in the target's memory once it answers; undefined when it is away again, or foreman stops */
  async #returned(): Promise<string[] | undefined> {
    try {
      await pRetry(() => this.#ensureThere(), {
        retries: Number.POSITIVE_INFINITY,
        factor: 1,
        minTimeout: PROBE_INTERVAL_MS,
        signal: this.#stop.signal,
      })
      return await this.#pollNow()
    } catch (error) {
      this.#options.logger.debug({ err: error }, 'the target is not there yet')
      return undefined
    }
  }

  async #ensureThere(): Promise<void> {
    const probe = await this.probe()
    if (probe === 'there') return
    const reason = REASONS[probe]
    const isNews = probe === 'is_foreman' && this.#awayReason !== reason
    if (this.#state === 'unknown' || isNews) this.#noteAway(reason)
    throw new Error(reason)
  }

  async #poll(): Promise<void> {
    if (this.#isPolling) return
    this.#isPolling = true
    clearTimeout(this.#pollTimer)
    const { logger, onPoll } = this.#options
    const resident = await this.#pollNow().catch((error: unknown) => ({ error }))
    this.#isPolling = false
    if (this.#isStopped) return
    if ('error' in resident) {
      logger.debug({ err: resident.error }, 'a poll of the target failed')
      return this.lost(resident.error instanceof Error ? resident.error.message : 'it cannot be polled')
    }
    contain(() => onPoll(resident), logger, 'go on after a poll')
    this.#afterPoll()
  }

  #pollNow(): Promise<string[]> {
    return pollTarget({ ...this.#options, stopped: this.#stop.signal })
  }

  #afterPoll(): void {
    this.#pollTimer = setTimeout(() => void this.#poll(), this.#options.pollIntervalMs)
    void this.#learner.learn()
  }

  #noteAway(reason: string): void {
    this.#awayReason = reason
    this.#options.logger.warn({ reason }, 'the target is away; the queue waits')
    this.#note('away', reason)
  }

  #note(state: TargetState, reason: string | null): void {
    this.#state = state
    const { store, logger, now } = this.#options
    const note = () => store.target.note({ state, reason, since: now() })
    writeQuietly(note, logger, `note that the target is ${state}`)
  }
}
