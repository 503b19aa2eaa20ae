import type { Logger } from '@foreman/process/logger'
import type { Store } from '@foreman/store'
import { Dispatcher, type DispatcherOptions } from './dispatcher.ts'
import { inOrder } from './in-order.ts'
import { OneAtATime } from './one-at-a-time.ts'
import { writeQuietly } from './persist.ts'
import { MAX_BACKOFF_MS, MAX_DELAY_MS } from './run/delays.ts'
import type { RunResult } from './run/run.ts'
import { Steering } from './steering.ts'
import { StoreLoop } from './store-loop.ts'
import { askResidents } from './target/answers.ts'
import { Embedder, type EmbedderOptions } from './target/embedder.ts'
import { TargetMonitor, type TargetMonitorOptions } from './target/monitor.ts'
import type { Poll } from './target/poll.ts'
import { unloadModels } from './target/unload.ts'
import { Counter } from './upkeep/counter.ts'
import { GatewayWatch, type GatewayWatchOptions } from './upkeep/gateway-watch.ts'
import { JobCleaner } from './upkeep/job-cleaner.ts'
import { Courier } from './webhooks/courier.ts'
import type { DeliveryOptions } from './webhooks/delivery-attempt.ts'

export interface ShiftOptions {
  readonly store: Store
  readonly logger: Logger
  readonly now: () => number
  readonly run: Omit<DispatcherOptions['run'], 'probe' | 'onProgress'>
  readonly monitor: Omit<TargetMonitorOptions, 'onReturn' | 'onPoll' | 'onModel'>
  readonly embedder: EmbedderOptions
  readonly gatewayWatch: Omit<GatewayWatchOptions, 'onCancelled'>
  readonly courier: DeliveryOptions
  /** How long what happened is kept. */
  readonly historyMs: number
  readonly scheduling: Pick<
    DispatcherOptions,
    | 'concurrency'
    | 'models'
    | 'maxWaitMs'
    | 'maxWaitLowMs'
    | 'expects'
    | 'halfLifeMs'
    | 'windows'
    | 'timeZone'
  >
}

const LOOK = 'look at the queue'
const READ_AGENDA = 'read what there is to do'

/** Each step looks for itself. */
const ALL_THERE_IS = { hasCancelRequests: true, hasDeadlines: true, hasDelayed: true, isSteered: true }

/** How long the target may take to say what is in its memory, right after a load. */
const MEMORY_TIMEOUT_MS = 5_000

/** All that the active worker does, from taking the lock until it stops or loses the lock. It does not start again. */
export class Shift {
  readonly #options: ShiftOptions
  readonly #monitor: TargetMonitor
  readonly #dispatcher: Dispatcher
  readonly #embedder: Embedder
  readonly #steering: Steering
  readonly #gatewayWatch: GatewayWatch
  readonly #counter: Counter
  readonly #jobCleaner: JobCleaner
  readonly #courier: Courier
  readonly #loop: StoreLoop
  readonly #looks = new OneAtATime(() => this.#look())
  readonly #inOrder = inOrder()
  #isOver = false
  /** Whether the store says that the target is silent. Undefined: a worker before this one may have said so. */
  #isSilent: boolean | undefined
  #tickTimer: NodeJS.Timeout | undefined
  #unlisten: (() => void) | undefined

  constructor(options: ShiftOptions) {
    this.#options = options
    const { store, logger } = options
    this.#loop = new StoreLoop(logger)
    this.#embedder = new Embedder(options.embedder)
    this.#steering = new Steering({ store, ...options.scheduling })
    this.#counter = new Counter({
      ...options,
      fits: () => this.#dispatcher.fits,
      loadMsOf: groupKey => this.#dispatcher.loadMs(groupKey),
    })
    this.#jobCleaner = new JobCleaner({ ...options, beforeDeleting: () => this.#counter.catchUp() })
    this.#courier = new Courier(options.courier)
    this.#monitor = new TargetMonitor({
      ...options.monitor,
      onReturn: poll => this.#targetReturned(poll),
      onPoll: poll => this.#targetPolled(poll),
      onModel: name => this.#dispatcher.regroup(name),
    })
    this.#dispatcher = new Dispatcher({
      store,
      embedder: this.#embedder,
      steering: this.#steering,
      ...options.scheduling,
      target: this.#monitor,
      askResidents: () => askResidents(options.run.client, AbortSignal.timeout(MEMORY_TIMEOUT_MS)),
      unload: weights => unloadModels(new Set([...weights, ...this.#embedder.pinned]), options.run),
      run: {
        ...options.run,
        probe: () => this.#monitor.probe(),
        onProgress: () => this.#courier.sendDue(),
      },
      onEnd: result => this.#runEnded(result),
      onReady: () => void this.tick(),
    })
    this.#gatewayWatch = new GatewayWatch({ ...options.gatewayWatch, onCancelled: () => void this.tick() })
  }

  start(): void {
    // Without its turn the group of the last worker is one group like any other.
    void this.#loop.try('read whose turn it is', () => this.#dispatcher.resumeTurn())
    this.#unlisten = this.#options.store.changes.listen('work', () => void this.tick())
    this.#monitor.start()
    this.#counter.start()
    this.#jobCleaner.start()
    this.#gatewayWatch.start()
    this.#courier.start()
  }

  /** Claims nothing more. Jobs that still run after `graceMs` go back to the queue. */
  async stop(graceMs: number): Promise<void> {
    this.#counter.stop()
    this.#jobCleaner.stop()
    this.#gatewayWatch.stop()
    const jobs = this.#dispatcher.running
    if (jobs > 0) this.#options.logger.info({ jobs, graceMs }, 'stopping; waiting for the running jobs')
    await this.#dispatcher.close(graceMs)
    await this.#courier.stop()
    this.#end()
  }

  /** Ends everything at once and writes nothing more, because another worker may be at work now. */
  async abandon(): Promise<void> {
    this.#end()
    this.#counter.stop()
    this.#jobCleaner.stop()
    this.#gatewayWatch.stop()
    await Promise.all([this.#dispatcher.lose(), this.#courier.stop(0)])
  }

  /**
   * One look at the queue: cancels and fails jobs, makes delayed jobs ready, and fills the free slots. Called whenever
   * something may have changed: after a change by another process, the end of a run or a poll, and at the next due time.
   * Resolves when a look that began after this call has ended.
   */
  async tick(): Promise<void> {
    if (!this.#isOver) await this.#looks.ask()
  }

  #end(): void {
    this.#isOver = true
    this.#monitor.stop()
    this.#unlisten?.()
    clearTimeout(this.#tickTimer)
  }

  async #look(): Promise<void> {
    if (this.#isOver) return
    clearTimeout(this.#tickTimer)
    const pauseMs = (await this.#loop.try(LOOK, () => this.#takeSteps())) ?? this.#loop.pauseMs(LOOK)
    if (this.#isOver) return
    if (pauseMs < Infinity)
      this.#tickTimer = setTimeout(() => void this.tick(), Math.min(pauseMs, MAX_BACKOFF_MS))
    this.#courier.sendDue()
  }

  /** @returns how long until something is due */
  async #takeSteps(): Promise<number> {
    const { store, now, run } = this.#options
    const at = now()
    const ending = { now: at, ttlMs: run.jobTtlMs }
    const agenda = await this.#loop.step(READ_AGENDA, () => store.queue.agenda())
    if (agenda) this.#monitor.heedSuspicion(agenda.suspectedAt)
    // What one step cannot read must not keep the others from being taken.
    const { hasCancelRequests, hasDeadlines, hasDelayed, isSteered } = agenda ?? ALL_THERE_IS
    const steps: [what: string, isDue: boolean, step: () => Promise<number | void | undefined>][] = [
      [
        'cancel jobs',
        hasCancelRequests,
        async () => this.#dispatcher.cancel(await store.runs.cancelRequests()),
      ],
      ['fail jobs past their deadline', hasDeadlines, () => store.queue.failOverdue(ending)],
      [
        'make delayed jobs ready',
        hasDelayed,
        () => store.queue.promoteDue({ now: at, maxDelayMs: MAX_DELAY_MS }),
      ],
      ['dispatch jobs', true, () => this.#dispatch(at, isSteered)],
    ]
    let next = agenda ? Infinity : at + this.#loop.pauseMs(READ_AGENDA)
    for (const [what, isDue, step] of steps) {
      if (this.#isOver) return Infinity
      if (isDue) next = Math.min(next, await this.#step(what, step))
    }
    return Math.max(1, next - at)
  }

  /** While it cannot be read what is held back, nothing starts. */
  async #dispatch(at: number, isSteered: boolean): Promise<number> {
    const changesAt = await this.#steering.read(at, isSteered)
    return Math.min(changesAt, (await this.#dispatcher.dispatch(at)) ?? Infinity)
  }

  /** @returns when something is due: what `step` resolves with, or soon when it failed */
  async #step(what: string, step: () => Promise<number | void | undefined>): Promise<number> {
    const due = await this.#loop.step(what, async () => (await step()) ?? Infinity)
    return due ?? this.#options.now() + this.#loop.pauseMs(what)
  }

  #runEnded({ ending, targetIsAway }: RunResult): void {
    if (targetIsAway !== undefined) this.#monitor.lost(targetIsAway)
    void this.#inOrder(() => this.#noteSilence(ending))
    if (ending === 'broke_off') this.#monitor.check()
    void this.tick()
  }

  /** Keeps in the store since when the target has been silent, which `/healthz` reports. */
  async #noteSilence(ending: RunResult['ending']): Promise<void> {
    const { store, logger, now } = this.#options
    const isSilent = ending === 'timed_out'
    if (!isSilent && (ending !== 'answered' || this.#isSilent === false)) return
    const note = async (): Promise<void> => {
      await store.target.note({ stalledAt: isSilent ? now() : null })
      this.#isSilent = isSilent
    }
    await writeQuietly(note, logger, 'note whether the target is silent')
  }

  #targetReturned(poll: Poll): void {
    // Nothing in memory: the target was restarted, so no group keeps the turn.
    if (poll.residents?.length === 0) void this.#dispatcher.forgetTurn()
    this.#embedder.reset()
    this.#targetPolled(poll)
  }

  #targetPolled(poll: Poll): void {
    this.#embedder.observe(poll.residents?.map(({ name }) => name))
    this.#dispatcher.observe(poll)
    void this.tick()
  }
}
