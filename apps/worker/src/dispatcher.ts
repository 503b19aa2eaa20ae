import { groupKeyOf } from '@foreman/ollama-client'
import { admits, chooseGroup, type Turn } from '@foreman/scheduling'
import type { Claim, Store } from '@foreman/store'
import { contain } from './persist.ts'
import { Run, type RunOptions, type RunResult } from './run/run.ts'

/** What one look at the queue has claimed, and what it leaves for the next look. */
interface Claimed {
  readonly claims: Claim[]
  readonly turn: Turn | undefined
  /** The job that runs alone and is next, so that the free slots stay free until no job runs. */
  readonly awaited: number | undefined
}

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

  /** Fills the free slots. */
  dispatch(now: number): void {
    const { target, embedder, concurrency } = this.#options
    if (this.#isClosed || this.#isPinning || !target.isUp) return
    if (embedder.isDue) return this.#pin()
    const slots = concurrency - this.#running.size
    if (slots <= 0 || admits(this.#runningClaims()) === 'none') return
    for (const claim of this.#claim(slots, now))
      contain(() => this.#start(claim), this.#options.run.logger, 'start a job that was claimed')
  }

  /** Cancels these jobs, if they run here. */
  cancel(seqs: readonly number[]): void {
    for (const seq of seqs) void this.#running.get(seq)?.cancel()
  }

  /** Moves the queued jobs of a model to the right group, after more became known about how the model loads. */
  regroup(modelName: string): void {
    const { store } = this.#options
    const { loading } = store.catalogue.model(modelName) ?? {}
    const keyOf = (loadOptions: string) => groupKeyOf({ model: modelName, loadOptions, loading })
    store.queue.regroup(modelName, keyOf)
    if (this.#turn && this.#lastClaim?.modelName === modelName)
      this.#turn = { ...this.#turn, groupKey: keyOf(this.#lastClaim.loadOptions) }
  }

  /** Claims nothing more. Resolves when no job runs; those that still run after `graceMs` go back to the queue. */
  async close(graceMs: number): Promise<void> {
    this.#isClosed = true
    if (this.#running.size === 0) return
    const grace = setTimeout(() => {
      for (const run of this.#running.values()) run.shutDown()
    }, graceMs)
    await new Promise<void>(resolve => (this.#onIdle = resolve))
    clearTimeout(grace)
  }

  #claim(slots: number, now: number): Claim[] {
    const { store } = this.#options
    const claimAll = () => this.#claimUpTo(slots, now)
    // Most calls find nothing. These must not make gateways wait for the write lock.
    const isAnyReady = store.queue.waitingLines().length > 0
    const { claims, turn, awaited } = isAnyReady ? store.atOnce('normal', claimAll) : claimAll()
    this.#turn = turn
    this.#awaited = awaited
    this.#lastClaim = claims.at(-1) ?? this.#lastClaim
    return claims
  }

  /** Claims jobs of one group. Changes only the file: when its transaction fails, nothing has happened. */
  #claimUpTo(slots: number, now: number): Claimed {
    const { store, maxWaitMs } = this.#options
    const claims: Claim[] = []
    let turn = this.#turn
    let awaited = this.#awaited
    while (claims.length < slots) {
      const admitted = admits([...this.#runningClaims(), ...claims])
      if (admitted === 'none') break
      const isIdle = admitted === 'any'
      const choice = chooseGroup({ turn, lines: store.queue.waitingLines(), now, maxWaitMs })
      // Idle with nothing ready: the group ran dry, and its next job begins a new turn.
      if (!choice) return { claims, awaited, turn: turn && isIdle ? { ...turn, isOver: true } : turn }
      // No job of the next group is sent before the last answer of the present one has arrived: a late request would
      // keep the model that has to leave.
      if (!isIdle && choice.groupKey !== turn?.groupKey) break
      const next = store.queue.next(choice.groupKey, awaited)
      if (!next) break
      awaited = undefined
      // Nothing passes a job that waits to run alone, or jobs that may share the slots would keep it waiting for ever.
      if (!isIdle && next.runsAlone) awaited = next.seq
      if (awaited !== undefined) break
      const claim = store.queue.claimNext(choice.groupKey, choice.reason, choice.turnStartedAt, now, next.seq)
      if (!claim) break
      turn = { groupKey: choice.groupKey, startedAt: choice.turnStartedAt, isOver: false }
      claims.push(claim)
    }
    return { claims, turn, awaited }
  }

  #runningClaims(): Claim[] {
    return Array.from(this.#running.values(), run => run.claim)
  }

  #start(claim: Claim): void {
    const run = new Run(claim, { ...this.#options.run, isWaitedFor: () => this.#isTurnWaitedFor() })
    this.#running.set(claim.seq, run)
    // `execute` does not reject.
    void run.execute().then(result => {
      this.#running.delete(claim.seq)
      contain(() => this.#options.onEnd(result), this.#options.run.logger, 'go on after the end of a job')
      if (this.#running.size === 0) this.#onIdle?.()
    })
  }

  /** Whether jobs wait for the model of the running jobs. The group has the turn, whatever its key is by now. */
  #isTurnWaitedFor(): boolean {
    return this.#turn !== undefined && this.#options.store.queue.isWaiting(this.#turn.groupKey)
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
