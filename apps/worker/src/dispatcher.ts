import { groupKeyOf } from '@foreman/ollama-client'
import { chooseGroup, type Turn } from '@foreman/scheduling'
import type { BrokenJobError, Claim, Store } from '@foreman/store'
import { claimJobs } from './claim-jobs.ts'
import { contain } from './persist.ts'
import { Run, type RunOptions, type RunResult } from './run/run.ts'

/** How many jobs that cannot be claimed one call of `dispatch` fails. Each of them waits for the disk. */
const BROKEN_PER_CALL = 20

/** How long a stop waits for a file that cannot be written, such as on a full disk. */
const LAST_WRITES_MS = 5_000

export interface DispatcherOptions {
  readonly store: Store
  readonly run: Omit<RunOptions, 'isWaitedFor'>
  /** How many jobs of one group run at the same time. */
  readonly concurrency: number
  readonly maxWaitMs: number
  readonly target: { readonly isUp: boolean }
  readonly embedder: { readonly isDue: boolean; pin(): Promise<void> }
  /** Called when a run has ended, and its slot is free. */
  readonly onEnd: (result: RunResult) => void
  /** Called when the embedding model has been loaded, or could not be. */
  readonly onPinned: () => void
}

/**
 * Decides what runs next: chooses the group that has the turn, claims its jobs for the free slots, and runs them.
 * Knows nothing of locks, timers and commits: it acts when `dispatch` is called.
 */
export class Dispatcher {
  readonly #options: DispatcherOptions
  readonly #running = new Map<number, Run>()
  #turn: Turn | undefined
  #awaited: number | undefined
  /** The last job that was claimed: one of the group that has the turn. */
  #lastClaim: Claim | undefined
  #isPinning = false
  #isClosed = false
  #onIdle: (() => void) | undefined

  constructor(options: DispatcherOptions) {
    this.#options = options
  }

  /** How many jobs run. */
  get running(): number {
    return this.#running.size
  }

  /** Continues the turn that the last active worker has recorded. */
  resumeTurn(): void {
    const turn = this.#options.store.queue.turn()
    this.#turn = turn && { ...turn, isOver: false }
  }

  /** Forgets whose turn it is: the target came back with no model in memory. */
  forgetTurn(): void {
    this.#turn = undefined
  }

  /**
   * Fills the free slots. A job that cannot be claimed fails, and the next one gets the slot.
   *
   * @returns when to call it again, if more such jobs may follow
   */
  dispatch(now: number): number | undefined {
    const { target, embedder } = this.#options
    if (this.#isClosed || this.#isPinning || !target.isUp) return undefined
    if (embedder.isDue) {
      this.#pin()
      return undefined
    }
    for (let failed = 0; failed < BROKEN_PER_CALL; failed++) {
      const broken = this.#fillSlots(now)
      if (!broken) return undefined
      this.#failBroken(broken, now)
    }
    return now
  }

  /** Cancels these jobs, if they run here. */
  cancel(seqs: readonly number[]): void {
    for (const seq of seqs) void this.#running.get(seq)?.cancel()
  }

  /** Moves the queued jobs of a model to the right group, after more became known about how the model loads. */
  regroup(modelName: string): void {
    const { store, run } = this.#options
    const { loading } = store.catalogue.model(modelName) ?? {}
    // Load options that cannot be read leave only their own jobs where they are.
    const keyOf = (loadOptions: string): string | undefined =>
      contain(() => groupKeyOf({ model: modelName, loadOptions, loading }), run.logger, 'regroup jobs')
    store.queue.regroup(modelName, keyOf)
    if (!this.#turn || this.#lastClaim?.modelName !== modelName) return
    const groupKey = keyOf(this.#lastClaim.loadOptions)
    if (groupKey !== undefined) this.#turn = { ...this.#turn, groupKey }
  }

  /**
   * Claims nothing more. Resolves when no job runs; those that still run after `graceMs` go back to the queue. What cannot
   * be written within another `writeMs` stays as it is.
   */
  async close(graceMs: number, writeMs = LAST_WRITES_MS): Promise<void> {
    this.#isClosed = true
    if (this.#running.size === 0) return
    const grace = setTimeout(() => {
      for (const run of this.#running.values()) run.shutDown()
    }, graceMs)
    const lastWrites = setTimeout(() => {
      for (const run of this.#running.values()) run.giveUp()
    }, graceMs + writeMs)
    await new Promise<void>(resolve => (this.#onIdle = resolve))
    clearTimeout(grace)
    clearTimeout(lastWrites)
  }

  /** @returns the job that could not be claimed, if there is one */
  #fillSlots(now: number): BrokenJobError | undefined {
    const { store, concurrency, maxWaitMs, run } = this.#options
    const running = Array.from(this.#running.values(), ({ claim }) => claim)
    const situation = { running, turn: this.#turn, awaited: this.#awaited, concurrency, maxWaitMs, now }
    const { claims, turn, awaited, broken } = claimJobs(store, situation)
    this.#turn = turn
    this.#awaited = awaited
    this.#lastClaim = claims.at(-1) ?? this.#lastClaim
    for (const claim of claims) contain(() => this.#start(claim), run.logger, 'start a job that was claimed')
    return broken
  }

  #failBroken(broken: BrokenJobError, now: number): void {
    const { store, run } = this.#options
    run.logger.error({ err: broken, jobSeq: broken.seq }, 'a job that cannot be run fails')
    store.queue.failBroken(broken.seq, now, run.jobTtlMs)
  }

  #start(claim: Claim): void {
    const run: Run = new Run(claim, { ...this.#options.run, isWaitedFor: () => this.#isLoadWaitedFor(run) })
    this.#running.set(claim.seq, run)
    // `execute` does not reject.
    void run.execute().then(result => {
      this.#running.delete(claim.seq)
      contain(() => this.#options.onEnd(result), this.#options.run.logger, 'go on after the end of a job')
      if (this.#running.size === 0) this.#onIdle?.()
    })
  }

  /**
   * Whether other jobs wait for the model that the job of a run loads: jobs that run as well, or jobs that would run next. If
   * another group runs next, the model has to leave memory in any case.
   */
  #isLoadWaitedFor(run: Run): boolean {
    const runsBeside = [...this.#running.values()].some(other => other !== run && !other.isCancelling)
    if (runsBeside || this.#turn === undefined) return runsBeside
    const { store, maxWaitMs } = this.#options
    const lines = store.queue.waitingLines()
    const choice = chooseGroup({ turn: this.#turn, lines, now: this.#options.run.now(), maxWaitMs })
    return choice?.groupKey === this.#turn.groupKey
  }

  /** Loads the embedding model in place of a job, and only when no job runs: the job would wait for the load. */
  #pin(): void {
    if (this.#running.size > 0) return
    this.#isPinning = true
    void this.#pinNow()
  }

  async #pinNow(): Promise<void> {
    const { embedder, onPinned, run } = this.#options
    try {
      await embedder.pin()
    } catch (error) {
      run.logger.error({ err: error }, 'the embedding model could not be loaded')
    }
    this.#isPinning = false
    contain(onPinned, run.logger, 'go on after loading the embedding model')
  }
}
