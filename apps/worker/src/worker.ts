import { type loadOptionsOf, loadSignature } from '@foreman/ollama-client'
import { chooseGroup, type Turn } from '@foreman/scheduling'
import { type Claim, type ExclusiveLock, HEARTBEAT_MS, isBusy, isFull, type Store } from '@foreman/store'
import { randomUUID } from 'node:crypto'
import type { Logger } from './logger.ts'
import { Run, type RunOptions, type RunResult } from './run/run.ts'
import { MAX_DELAY_MS } from './run/verdict.ts'
import type { Embedder } from './target/embedder.ts'
import { TargetMonitor, type TargetMonitorOptions } from './target/monitor.ts'
import type { JobCleaner } from './upkeep/job-cleaner.ts'
import type { Courier } from './webhooks/courier.ts'

const LOCK_POLL_MS = 250
/** A worker that has not been heard of for this long died without a word. */
const FORGET_AFTER_MS = 60_000
/** A tick that the file had no time for is repeated after this. */
const RETRY_MS = 200

export interface WorkerOptions {
  readonly store: Store
  readonly logger: Logger
  readonly now: () => number
  readonly pid: number
  readonly run: Omit<RunOptions, 'probe' | 'isWaitedFor' | 'onProgress'>
  readonly monitor: Omit<TargetMonitorOptions, 'onReturn' | 'onPoll' | 'onModel'>
  readonly embedder: Embedder
  readonly jobCleaner: JobCleaner
  readonly courier: Courier
  readonly concurrency: number
  readonly maxWaitMs: number
  readonly graceMs: number
}

/**
 * Claims jobs and runs them, one group at a time. Of several workers on one file the one that holds the lock
 * works; the others stand by.
 */
export class Worker {
  readonly #options: WorkerOptions
  readonly #identity: { id: string; pid: number; startedAt: number }
  readonly #monitor: TargetMonitor
  readonly #running = new Map<number, Run>()
  #lock: ExclusiveLock | undefined
  #turn: Turn | undefined
  /** The last job that was claimed: its group has the turn. */
  #present: Claim | undefined
  #pinning = false
  #stopping = false
  #timers: { lock?: NodeJS.Timeout; heartbeat?: NodeJS.Timeout; tick?: NodeJS.Timeout } = {}
  #unlisten: (() => void) | undefined
  #idle: (() => void) | undefined

  constructor(options: WorkerOptions) {
    this.#options = options
    this.#identity = { id: randomUUID(), pid: options.pid, startedAt: options.now() }
    this.#monitor = new TargetMonitor({
      ...options.monitor,
      onReturn: resident => this.#targetReturned(resident),
      onPoll: resident => this.#targetPolled(resident),
      onModel: name => this.#regroup(name),
    })
  }

  get isActive(): boolean {
    return this.#lock !== undefined
  }

  /** Begins to work, or to stand by until the one that works is gone. */
  start(): void {
    this.#beat()
    this.#timers.heartbeat = setInterval(() => this.#beat(), HEARTBEAT_MS)
    if (this.#takeOver()) return
    this.#options.logger.info('standing by')
    this.#timers.lock = setInterval(() => this.#takeOver(), LOCK_POLL_MS)
  }

  /** Claims nothing more, lets what runs finish within the grace period, gives the rest back. */
  async stop(): Promise<void> {
    if (this.#stopping) return
    this.#stopping = true
    const { logger, graceMs, store, jobCleaner, courier } = this.#options
    clearInterval(this.#timers.lock)
    jobCleaner.stop()
    if (this.#running.size > 0) {
      logger.info({ jobs: this.#running.size, graceMs }, 'stopping; waiting for what runs')
      const grace = setTimeout(() => {
        for (const run of this.#running.values()) run.shutDown()
      }, graceMs)
      await new Promise<void>(resolve => (this.#idle = resolve))
      clearTimeout(grace)
    }
    await courier.stop()
    this.#monitor.stop()
    this.#unlisten?.()
    clearTimeout(this.#timers.tick)
    clearInterval(this.#timers.heartbeat)
    this.#quietly('leave', () => store.workers.leave(this.#identity.id))
    this.#lock?.release()
    this.#lock = undefined
  }

  /**
   * One look at the file: heeds cancellations, makes due jobs ready, and claims as long as there is a slot.
   * Whatever happens makes another one: a commit of a gateway, the end of a run, the target's return, a due time.
   */
  tick(): void {
    clearTimeout(this.#timers.tick)
    if (!this.#lock) return
    try {
      const { queue, runs } = this.#options.store
      for (const seq of runs.cancelRequests()) void this.#running.get(seq)?.cancel()
      this.#monitor.heedSuspicion()
      const now = this.#options.now()
      const nextDeadline = queue.failOverdue(now, this.#options.run.jobTtlMs)
      const nextDue = queue.promoteDue(now, MAX_DELAY_MS)
      const next = Math.min(nextDeadline ?? Infinity, nextDue ?? Infinity)
      if (next < Infinity) this.#tickIn(Math.max(1, next - now))
      this.#claim(now)
    } catch (error) {
      if (!isBusy(error) && !isFull(error)) throw error
      this.#options.logger.warn({ err: error }, 'the file takes no writes; looking again')
      this.#tickIn(RETRY_MS)
    }
    this.#options.courier.sendDue()
  }

  #claim(now: number): void {
    const { store, concurrency, embedder } = this.#options
    const probe = () => this.#monitor.probe()
    const onProgress = () => this.#options.courier.sendDue()
    // What runs is of the group that has the turn, whatever that is called by now.
    const isWaitedFor = () => this.#turn !== undefined && store.queue.isWaiting(this.#turn.groupKey)
    if (this.#stopping || this.#pinning || !this.#monitor.isUp) return
    if (embedder.isDue) return this.#pin()
    if (this.#running.size >= concurrency) return
    const claimAll = () => this.#claimUpTo(concurrency - this.#running.size, now)
    // Most looks find nothing: they must not make gateways wait for a lock.
    const isAnyReady = store.queue.waitingLines().length > 0
    const { claims, turn } = isAnyReady ? store.atOnce('normal', claimAll) : claimAll()
    this.#turn = turn
    for (const claim of claims) {
      this.#present = claim
      this.#run(new Run(claim, { ...this.#options.run, probe, isWaitedFor, onProgress }))
    }
  }

  /** Claims jobs of one group, as many as there are slots. */
  #claimUpTo(slots: number, now: number): { claims: Claim[]; turn: Turn | undefined } {
    const { queue } = this.#options.store
    const claims: Claim[] = []
    let turn = this.#turn
    let ranDry = false
    while (claims.length < slots) {
      const isIdle = this.#running.size + claims.length === 0
      const choice = chooseGroup({
        turn,
        lines: queue.waitingLines(),
        now,
        maxWaitMs: this.#options.maxWaitMs,
      })
      if (!choice) {
        ranDry = isIdle
        break
      }
      // Nothing of the next group is sent before the present one's last answer is there: a late request would keep
      // the model that is to leave.
      if (!isIdle && choice.groupKey !== turn?.groupKey) break
      const claim = queue.claimNext(choice.groupKey, choice.reason, choice.turnStartedAt, now)
      if (!claim) break
      turn = { groupKey: choice.groupKey, startedAt: choice.turnStartedAt, isOver: false }
      claims.push(claim)
    }
    return { claims, turn: turn && ranDry ? { ...turn, isOver: true } : turn }
  }

  /** Two names of the same weights are one group, as soon as that is known. */
  #regroup(modelName: string): void {
    const { catalogue, queue } = this.#options.store
    const groupKeyOf = (loadOptions: string): string => {
      const request = JSON.parse(loadOptions) as ReturnType<typeof loadOptionsOf>
      return loadSignature({ model: modelName, ...request, ...catalogue.model(modelName)?.loading })
    }
    queue.regroup(modelName, groupKeyOf)
    if (this.#turn && this.#present?.modelName === modelName) {
      this.#turn = { ...this.#turn, groupKey: groupKeyOf(this.#present.loadOptions) }
    }
  }

  #run(run: Run): void {
    this.#running.set(run.claim.seq, run)
    void run.execute().then(result => {
      this.#running.delete(run.claim.seq)
      this.#noteResult(result)
      if (this.#running.size === 0) this.#idle?.()
      this.tick()
    })
  }

  #noteResult({ ending, targetIsAway }: RunResult): void {
    const { target } = this.#options.store
    if (targetIsAway !== undefined) this.#monitor.lost(targetIsAway)
    if (ending === 'timed_out')
      this.#quietly('note a silent target', () => target.note({ stalledAt: this.#options.now() }))
    else if (ending === 'answered' && target.read().stalledAt !== null) {
      this.#quietly('note a target that answers', () => target.note({ stalledAt: null }))
    }
    if (ending === 'broke_off') this.#monitor.check()
  }

  /** In place of a job, and only when none runs: the load would make it wait. */
  #pin(): void {
    if (this.#running.size > 0) return
    this.#pinning = true
    void this.#options.embedder.pin().finally(() => {
      this.#pinning = false
      this.tick()
    })
  }

  #targetReturned(resident: readonly string[]): void {
    // After a restart of the target nothing is in its memory, and nobody's turn goes on.
    if (resident.length === 0) this.#turn = undefined
    this.#options.embedder.reset()
    this.#targetPolled(resident)
  }

  #targetPolled(resident: readonly string[]): void {
    this.#options.embedder.observe(resident)
    this.tick()
  }

  #takeOver(): boolean {
    const { store, logger, jobCleaner, courier } = this.#options
    const lock = store.takeWorkerLock()
    if (!lock) return false
    if (!this.#recover()) {
      lock.release()
      return false
    }
    this.#lock = lock
    clearInterval(this.#timers.lock)
    const turn = store.queue.turn()
    this.#turn = turn && { ...turn, isOver: false }
    this.#beat()
    logger.info('at work')
    this.#unlisten = store.commits.listen(() => this.tick())
    this.#monitor.start()
    jobCleaner.start()
    courier.start()
    return true
  }

  /** @returns false when the file takes no writes: it is tried again, whoever has the lock then */
  #recover(): boolean {
    const { store, logger, now, run } = this.#options
    try {
      const recovered = store.runs.requeueLost(now(), run.jobTtlMs)
      if (recovered.requeued + recovered.failed + recovered.cancelled > 0) {
        logger.warn(recovered, 'jobs that were running when their worker died')
      }
      store.workers.forgetStale(now() - FORGET_AFTER_MS)
      return true
    } catch (error) {
      if (!isBusy(error) && !isFull(error)) throw error
      logger.warn({ err: error }, 'the file takes no writes; waiting to take over')
      return false
    }
  }

  #beat(): void {
    const { store, now } = this.#options
    this.#quietly('heartbeat', () =>
      store.workers.heartbeat({ ...this.#identity, active: this.isActive }, now()),
    )
  }

  /** For what can be missed: the next time will do. */
  #quietly(what: string, write: () => void): void {
    try {
      write()
    } catch (error) {
      this.#options.logger.warn({ err: error }, `could not ${what}`)
    }
  }

  #tickIn(ms: number): void {
    clearTimeout(this.#timers.tick)
    this.#timers.tick = setTimeout(() => this.tick(), Math.min(ms, MAX_DELAY_MS))
  }
}
