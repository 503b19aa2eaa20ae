import type { OllamaClient } from '@foreman/ollama-client'
import type { Service } from '@foreman/process'
import type { Logger } from '@foreman/process/logger'
import { type Store, TARGET_IS_FOREMAN, type TargetState } from '@foreman/store'
import pRetry from 'p-retry'
import { contain, writeQuietly } from '../persist.ts'
import { LoadingLearner } from './learn-loading.ts'
import { type Poll, pollTarget } from './poll.ts'
import { probeTarget, type TargetProbe } from './target-probe.ts'

const PROBE_INTERVAL_MS = 500

const REASONS: Readonly<Record<Exclude<TargetProbe, 'there'>, (said: string) => string>> = {
  gone: said => said,
  refuses_credentials: said => `it refuses foreman's credentials (${said})`,
  is_foreman: () => TARGET_IS_FOREMAN,
}

export interface TargetMonitorOptions {
  readonly client: OllamaClient
  readonly store: Store
  readonly logger: Logger
  readonly pollIntervalMs: number
  readonly now: () => number
  /**
   * Called when the target has come back, or is there for the first time, and has been polled.
   */
  readonly onReturn: (poll: Poll) => void
  /** Called when more is known about how this model loads. */
  readonly onModel: (name: string) => Promise<void>
  /** Called after each later poll. */
  readonly onPoll: (poll: Poll) => void
}

/**
 * Knows whether the target is there, waits for it when it is away, and keeps its lists of models and its version in
 * the store.
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
  #complaints: Poll['complaints'] = new Map()
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
    void this.#begin()
  }

  async #begin(): Promise<void> {
    const { store, logger } = this.#options
    try {
      this.#suspectedAt = (await store.target.read()).suspectedAt ?? 0
    } catch (error) {
      // Without it the target is polled once more.
      logger.error({ err: error }, 'could not read whether a gateway suspects the target')
    }
    await this.#waitForReturn()
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

  /** Polls the target if a gateway has written into the store that it may be away, as `Agenda.suspectedAt` says. */
  heedSuspicion(suspectedAt = 0): void {
    if (suspectedAt === this.#suspectedAt) return
    this.#suspectedAt = suspectedAt
    this.check()
  }

  /** Polls the target now, because something suggests that it is away. */
  check(): void {
    if (this.isUp) void this.#poll()
  }

  /** Asks whether the target is there. */
  async probe(): Promise<TargetProbe> {
    return (await probeTarget(this.#options.client, this.#stop.signal)).probe
  }

  get #isStopped(): boolean {
    return this.#stop.signal.aborted
  }

  async #waitForReturn(): Promise<void> {
    if (this.#isWaiting) return
    this.#isWaiting = true
    const poll = await this.#returned()
    this.#isWaiting = false
    if (this.#isStopped) return
    if (!poll) {
      // It answered, and was away again before it could be polled.
      this.#waitTimer = setTimeout(() => void this.#waitForReturn(), PROBE_INTERVAL_MS)
      return
    }
    const { logger, onReturn } = this.#options
    logger.info({ resident: poll.residents?.map(({ name }) => name) }, 'the target is there')
    this.#heedComplaints(poll)
    this.#note('up', this.#shortcomings)
    contain(() => onReturn(poll), logger, 'go on after the return of the target')
    this.#afterPoll()
  }

  /** @returns what the target says once it answers; undefined when it is away again, or foreman stops */
  async #returned(): Promise<Poll | undefined> {
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
    const { probe, reason: said } = await probeTarget(this.#options.client, this.#stop.signal)
    if (probe === 'there') return
    const reason = REASONS[probe](said)
    const isNews = probe === 'is_foreman' && this.#awayReason !== reason
    if (this.#state === 'unknown' || isNews) this.#noteAway(reason)
    throw new Error(reason)
  }

  async #poll(): Promise<void> {
    if (this.#isPolling) return
    this.#isPolling = true
    clearTimeout(this.#pollTimer)
    const { logger, onPoll } = this.#options
    const poll = await this.#pollNow().catch((error: unknown) => ({ error }))
    this.#isPolling = false
    if (this.#isStopped) return
    if ('error' in poll) {
      logger.debug({ err: poll.error }, 'a poll of the target failed')
      return this.lost(poll.error instanceof Error ? poll.error.message : 'it cannot be polled')
    }
    if (this.#heedComplaints(poll) && this.isUp) this.#noteShortcomings()
    contain(() => onPoll(poll), logger, 'go on after a poll')
    this.#afterPoll()
  }

  #pollNow(): Promise<Poll> {
    return pollTarget({ ...this.#options, stopped: this.#stop.signal })
  }

  #afterPoll(): void {
    this.#pollTimer = setTimeout(() => void this.#poll(), this.#options.pollIntervalMs)
    void this.#learner.learn()
  }

  /** Logs what is missing in the target's answers, once. @returns whether that differs from the poll before */
  #heedComplaints({ complaints }: Poll): boolean {
    const { logger } = this.#options
    const before = this.#complaints
    this.#complaints = complaints
    const news = [...complaints].filter(([path, reason]) => before.get(path) !== reason)
    for (const [path, reason] of news)
      logger.warn(
        { path, reason },
        'the target does not answer everything that foreman asks; working without it',
      )
    const mended = [...before.keys()].filter(path => !complaints.has(path))
    for (const path of mended) logger.info({ path }, 'the target answers this again')
    return news.length + mended.length > 0
  }

  /** What the target does not tell, or null. */
  get #shortcomings(): string | null {
    return this.#complaints.size === 0 ? null : [...this.#complaints.values()].join('; ')
  }

  #noteShortcomings(): void {
    const { store, logger } = this.#options
    const note = () => store.target.note({ reason: this.#shortcomings })
    void writeQuietly(note, logger, 'note what the target does not tell')
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
    void writeQuietly(note, logger, `note that the target is ${state}`)
  }
}
