import type { Service } from '@foreman/process'
import type { Logger } from '@foreman/process/logger'
import type { Store } from '@foreman/store'
import { Dispatcher, type DispatcherOptions } from './dispatcher.ts'
import { FileLoop } from './file-loop.ts'
import { contain, writeQuietly } from './persist.ts'
import { MAX_BACKOFF_MS, MAX_DELAY_MS } from './run/delays.ts'
import type { RunResult } from './run/run.ts'
import { Standby } from './standby.ts'
import type { Embedder } from './target/embedder.ts'
import { TargetMonitor, type TargetMonitorOptions } from './target/monitor.ts'
import { GatewayWatch, type GatewayWatchOptions } from './upkeep/gateway-watch.ts'
import type { JobCleaner } from './upkeep/job-cleaner.ts'
import type { Courier } from './webhooks/courier.ts'

export interface WorkerOptions {
  readonly store: Store
  readonly logger: Logger
  readonly now: () => number
  readonly pid: number
  readonly run: Omit<DispatcherOptions['run'], 'probe' | 'onProgress'>
  readonly monitor: Omit<TargetMonitorOptions, 'onReturn' | 'onPoll' | 'onModel'>
  readonly embedder: Embedder
  readonly jobCleaner: JobCleaner
  readonly gatewayWatch: Omit<GatewayWatchOptions, 'onCancelled'>
  readonly courier: Courier
  readonly concurrency: number
  readonly maxWaitMs: number
  readonly graceMs: number
}

/**
 * Runs the jobs of one file. Of several workers on a file one is active, and the others stand by.
 *
 * Starting it twice is like starting it once. `stop()` may come at any time; a second one waits for the first. A
 * worker that was stopped does not start again.
 */
export class Worker implements Service {
  readonly #options: WorkerOptions
  readonly #standby: Standby
  readonly #monitor: TargetMonitor
  readonly #dispatcher: Dispatcher
  readonly #gatewayWatch: GatewayWatch
  readonly #loop: FileLoop
  #hasStarted = false
  #stopped: Promise<void> | undefined
  #tickTimer: NodeJS.Timeout | undefined
  #unlisten: (() => void) | undefined

  constructor(options: WorkerOptions) {
    this.#options = options
    const { store, logger, embedder, courier, concurrency, maxWaitMs } = options
    this.#loop = new FileLoop(logger)
    this.#standby = new Standby({
      ...options,
      jobTtlMs: options.run.jobTtlMs,
      onActive: () => this.#beginWork(),
    })
    this.#monitor = new TargetMonitor({
      ...options.monitor,
      onReturn: resident => this.#targetReturned(resident),
      onPoll: resident => this.#targetPolled(resident),
      onModel: name => this.#dispatcher.regroup(name),
    })
    this.#dispatcher = new Dispatcher({
      store,
      embedder,
      concurrency,
      maxWaitMs,
      target: this.#monitor,
      run: {
        ...options.run,
        probe: () => this.#monitor.probe(),
        onProgress: () => courier.sendDue(),
      },
      onEnd: result => this.#runEnded(result),
      onPinned: () => this.tick(),
    })
    this.#gatewayWatch = new GatewayWatch({ ...options.gatewayWatch, onCancelled: () => this.tick() })
  }

  /** Begins to work, or stands by until the worker that is active has gone. */
  start(): void {
    if (this.#hasStarted || this.#stopped) return
    this.#hasStarted = true
    this.#standby.start()
  }

  /** Claims nothing more. Jobs that still run after the grace period go back to the queue. */
  stop(): Promise<void> {
    this.#stopped ??= this.#stop()
    return this.#stopped
  }

  /**
   * One look at the file: cancels and fails jobs, makes delayed jobs ready, and fills the free slots. Called whenever
   * something may have changed: after a commit of another process, the end of a run or a poll, and at the next due
   * time.
   */
  tick(): void {
    clearTimeout(this.#tickTimer)
    if (!this.#standby.isActive) return
    const pauseMs =
      this.#loop.try('look at the queue', () => this.#look()) ?? this.#loop.pauseMs('look at the queue')
    if (pauseMs < Infinity) this.#tickTimer = setTimeout(() => this.tick(), Math.min(pauseMs, MAX_BACKOFF_MS))
    this.#options.courier.sendDue()
  }

  /** @returns how long until something is due */
  #look(): number {
    const { store, now, run } = this.#options
    const at = now()
    const nextDue = [
      this.#step('cancel jobs', () => this.#dispatcher.cancel(store.runs.cancelRequests())),
      this.#step('look for a suspicion of the target', () => this.#monitor.heedSuspicion()),
      this.#step('fail jobs past their deadline', () => store.queue.failOverdue(at, run.jobTtlMs)),
      this.#step('make delayed jobs ready', () => store.queue.promoteDue(at, MAX_DELAY_MS)),
      this.#step('dispatch jobs', () => this.#dispatcher.dispatch(at)),
    ]
    return Math.max(1, Math.min(...nextDue) - at)
  }

  /** @returns when something is due: what `step` returns, or soon when it failed */
  #step(what: string, step: () => number | void | undefined): number {
    return this.#loop.step(what, () => step() ?? Infinity) ?? this.#options.now() + this.#loop.pauseMs(what)
  }

  #beginWork(): void {
    const { logger, jobCleaner, courier } = this.#options
    // Without its turn the group of the last worker is one group like any other.
    contain(() => this.#dispatcher.resumeTurn(), logger, 'read whose turn it is')
    this.#listen()
    this.#monitor.start()
    jobCleaner.start()
    this.#gatewayWatch.start()
    courier.start()
  }

  #listen(): void {
    if (this.#stopped) return
    const { commits } = this.#options.store
    this.#unlisten = this.#loop.try('listen for commits', () => commits.listen(() => this.tick()))
    if (!this.#unlisten) setTimeout(() => this.#listenAgain(), this.#loop.pauseMs('listen for commits'))
  }

  /** Also looks at the file, because nobody has told of the commits until now. */
  #listenAgain(): void {
    this.#listen()
    this.tick()
  }

  async #stop(): Promise<void> {
    const { logger, graceMs, jobCleaner, courier } = this.#options
    this.#standby.stopWaiting()
    jobCleaner.stop()
    this.#gatewayWatch.stop()
    const jobs = this.#dispatcher.running
    if (jobs > 0) logger.info({ jobs, graceMs }, 'stopping; waiting for the running jobs')
    await this.#dispatcher.close(graceMs)
    await courier.stop()
    this.#monitor.stop()
    this.#unlisten?.()
    clearTimeout(this.#tickTimer)
    this.#standby.leave()
  }

  #runEnded({ ending, targetIsAway }: RunResult): void {
    if (targetIsAway !== undefined) this.#monitor.lost(targetIsAway)
    contain(() => this.#noteSilence(ending), this.#options.logger, 'note whether the target is silent')
    if (ending === 'broke_off') this.#monitor.check()
    this.tick()
  }

  /** Keeps in the file since when the target has been silent, which `/healthz` reports. */
  #noteSilence(ending: RunResult['ending']): void {
    const { store, logger, now } = this.#options
    if (ending === 'timed_out')
      writeQuietly(() => store.target.note({ stalledAt: now() }), logger, 'note that the target is silent')
    else if (ending === 'answered' && store.target.read().stalledAt !== null)
      writeQuietly(() => store.target.note({ stalledAt: null }), logger, 'note that the target answers')
  }

  #targetReturned(resident: readonly string[] | undefined): void {
    // Nothing in memory: the target was restarted, so no group keeps the turn.
    if (resident?.length === 0) this.#dispatcher.forgetTurn()
    this.#options.embedder.reset()
    this.#targetPolled(resident)
  }

  #targetPolled(resident: readonly string[] | undefined): void {
    this.#options.embedder.observe(resident)
    this.tick()
  }
}
