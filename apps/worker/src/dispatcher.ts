import { type Attempt, Experience } from '@foreman/experience'
import { groupKeyOf, weightsOf } from '@foreman/ollama-client'
import {
  type Bounds,
  decide,
  type Expectation,
  type Situation,
  type Turn,
  type Window,
} from '@foreman/scheduling'
import type { BrokenJobError, Claim, HoldRow, SchedulingRules, Store } from '@foreman/store'
import { claimJobs, type UnansweredClaim } from './claim-jobs.ts'
import type { SlotLimits } from './free-slots.ts'
import { inOrder } from './in-order.ts'
import { contain, writeQuietly } from './persist.ts'
import { Run, type RunOptions, type RunResult } from './run/run.ts'
import type { Steering } from './steering.ts'
import type { Resident } from './target/answers.ts'
import { memoryOf } from './target/memory.ts'
import type { Poll } from './target/poll.ts'
import { Residents, type Sent } from './target/residents.ts'
import { sizesByWeights } from './target/sizes-by-weights.ts'

/** How many jobs that cannot be claimed one call of `dispatch` fails. Each of them waits for the disk. */
const BROKEN_PER_CALL = 20

/** How long after a job its lesson is kept. A worker that is killed takes what is newer with it. */
const REMEMBER_MS = 2_000

/** With more jobs that wait, no wait for a caller is worth it: not even 50 ms for a load of 50 s. */
const MAX_COUNTED = 1_000

/** More groups in memory are not told of. */
const MAX_PUBLISHED = 100

/** How soon the target is asked again to unload what it has not unloaded. */
const UNLOAD_AGAIN_MS = 5_000

/** How long a stop waits for a store that takes no writes, such as on a full disk. */
const LAST_WRITES_MS = 5_000

export interface DispatcherOptions extends Bounds, SlotLimits {
  readonly store: Store
  readonly run: Omit<RunOptions, 'isWaitedFor' | 'onBegun'>
  /** Whether to wait for callers who are likely to come back. */
  readonly expects: boolean
  /** Half of what somebody has used is forgotten after this time. 0: nobody's use counts. */
  readonly halfLifeMs: number
  readonly target: { readonly isUp: boolean }
  /** What operators and windows hold back. */
  readonly steering: Pick<Steering, 'pause' | 'turnEnd' | 'mayStart' | 'heldAccounts' | 'version'>
  /** The hours in which jobs of a class start. They are only told of. */
  readonly windows: readonly Window[]
  readonly timeZone: string
  readonly embedder: { readonly isDue: boolean; pin(): Promise<void> }
  /** The names of the models in the target's memory. */
  readonly askResidents: () => Promise<readonly Resident[]>
  /** Unloads what jobs have loaded, by its weights (`weightsOf`), from the target's memory. */
  readonly unload: (weights: ReadonlySet<string>) => Promise<void>
  /** Called when a run has ended, and its slot is free. */
  readonly onEnd: (result: RunResult) => void
  /** Called when jobs may run that could not before: the embedding model has been loaded, or it is known what is in memory. */
  readonly onReady: () => void
}

interface LoadSeen extends Pick<RunResult, 'spent'> {
  /** Whether it was sent as one that needs a load. */
  readonly isLoad: boolean
  /** Whether there was one. Undefined: nobody knows. */
  readonly loaded: boolean | undefined
}

/**
 * Decides what runs next: chooses the group that has the turn, claims its jobs for the free slots, and runs them.
 * Knows nothing of locks, timers and changes: it acts when `dispatch` is called. What changes the turn is done one after the
 * other.
 */
export class Dispatcher {
  readonly #options: DispatcherOptions
  readonly #running = new Set<Run>()
  readonly #inOrder = inOrder()
  readonly #experience: Experience
  readonly #residents: Residents
  /** What the target last said of its memory. Empty: a model was loaded since, or it does not say. */
  #said: readonly Resident[] = []
  #turn: Turn | undefined
  #awaited: number | undefined
  /** The version of what was held back when `#awaited` was found. */
  #steeredBy = 0
  /** The last job that was claimed: one of the group that has the turn. */
  #lastClaim: Claim | undefined
  #unanswered: UnansweredClaim | undefined
  #rememberTimer: NodeJS.Timeout | undefined
  /**
   * Since when, by `performance.now()`, no model has been loaded. What the target said of its memory before is out of date.
   * Infinity: one is being loaded.
   */
  #steadySince = 0
  /** Since when nothing runs, although jobs wait, because somebody is expected. */
  #standingSince: number | undefined
  #isPinning = false
  #isUnloading = false
  /** The pause for which the target's memory was cleared. */
  #unloadedFor: string | undefined
  /** When the target is asked again to unload what it could not. */
  #unloadAgainAt = 0
  #isClosed = false
  #isLost = false
  /** What whoever foretells the queue has to know of this worker's settings. */
  readonly #rules: SchedulingRules
  /** What was published last, and when there can be something new. */
  #published = ''
  #publishedOf: { readonly version: number; readonly expectingUntil: number | null } | undefined
  /** Resolves when no job runs. Undefined: nobody waits for that. */
  #idle: PromiseWithResolvers<void> | undefined

  constructor(options: DispatcherOptions) {
    this.#options = options
    const { maxWaitMs, maxWaitLowMs, halfLifeMs, concurrency, windows, timeZone } = options
    const usual = { maxWaitMs, maxWaitLowMs, halfLifeMs, concurrency }
    this.#rules = windows.length === 0 ? usual : { ...usual, windows, timeZone }
    this.#experience = new Experience(options.halfLifeMs)
    this.#residents = new Residents(this.#experience.fits)
  }

  /** How many jobs run. */
  get running(): number {
    return this.#running.size
  }

  /** How many models the target has in memory, as far as anybody knows. At least one. */
  get fits(): number {
    return Math.max(1, this.#residents.size)
  }

  /** How long a load of a group takes, as far as anybody knows. */
  loadMs(groupKey: string): number {
    return this.#experience.figures.loadMs(groupKey)
  }

  /** Continues the turn that the last active worker has recorded, with what it had learned. */
  resumeTurn(): Promise<void> {
    return this.#inOrder(async () => {
      const { queue } = this.#options.store
      const memory = await queue.memory()
      if (memory !== undefined) this.#experience.takeOver(memory)
      const turn = await queue.turn()
      this.#turn = turn && { ...turn, isOver: false }
      this.#publish()
    })
  }

  /** Forgets whose turn it is: the target came back with no model in memory. */
  forgetTurn(): Promise<void> {
    return this.#inOrder(async () => {
      this.#turn = undefined
      this.#lastClaim = undefined
    })
  }

  /**
   * Fills the free slots. A job that cannot be claimed fails, and the next one gets the slot.
   *
   * @returns when to call it again, if more such jobs may follow, or if it waits for somebody
   * @throws the error of the store, when it cannot be used now
   */
  dispatch(now: number): Promise<number | undefined> {
    return this.#inOrder(async () => {
      const { target, embedder } = this.#options
      if (this.#isClosed) return undefined
      // Whether such a job is to be cancelled, the next look finds out.
      if (await this.#takeUnanswered()) return now
      const { pause } = this.#options.steering
      if (pause) return this.#heedPause(pause, now)
      for (let failed = 0; failed < BROKEN_PER_CALL; failed++) {
        if (this.#isClosed || this.#isPinning || this.#isUnloading || !target.isUp) return undefined
        if (embedder.isDue) {
          this.#pin()
          return undefined
        }
        const { broken, standstillMs } = await this.#fillSlots(now)
        if (!broken) return standstillMs === undefined ? undefined : now + standstillMs
        await this.#failBroken(broken, now)
      }
      return now
    })
  }

  /** Takes note of what the target says. */
  observe({ residents, askedAt, version, sizes }: Omit<Poll, 'complaints'>): void {
    if (version !== undefined) this.#experience.fits.heedVersion(version)
    this.#noteMemory(residents, askedAt)
    if (sizes) void this.#noteSizes(sizes)
  }

  /** Cancels these jobs, if they run here. */
  cancel(seqs: readonly number[]): void {
    for (const run of this.#running) if (seqs.includes(run.claim.seq)) void run.cancel()
  }

  /** Moves the queued jobs of a model to the right group, after more became known about how the model loads. */
  regroup(modelName: string): Promise<void> {
    return this.#inOrder(async () => {
      const { store, run } = this.#options
      const { loading } = (await store.catalogue.model(modelName)) ?? {}
      // Load options that cannot be read leave only their own jobs where they are.
      const keyOf = (loadOptions: string): string | undefined =>
        contain(() => groupKeyOf({ model: modelName, loadOptions, loading }), run.logger, 'regroup jobs')
      await store.queue.regroup(modelName, keyOf)
      if (!this.#turn || this.#lastClaim?.modelName !== modelName) return
      const groupKey = keyOf(this.#lastClaim.loadOptions)
      if (groupKey !== undefined) this.#turn = { ...this.#turn, groupKey }
    })
  }

  /**
   * Claims nothing more. Resolves when no job runs; those that still run after `graceMs` go back to the queue. What cannot
   * be written within another `writeMs` stays as it is.
   */
  async close(graceMs: number, writeMs = LAST_WRITES_MS): Promise<void> {
    this.#isClosed = true
    await this.#endClaims()
    if (this.#running.size === 0) return this.#rememberLast()
    const grace = setTimeout(() => {
      for (const run of this.#running) run.shutDown()
    }, graceMs)
    const lastWrites = setTimeout(() => {
      for (const run of this.#running) run.giveUp()
    }, graceMs + writeMs)
    await this.#whenIdle()
    clearTimeout(grace)
    clearTimeout(lastWrites)
    await this.#rememberLast()
  }

  /** Claims nothing more, and ends all runs without writing: their jobs belong to another worker now. */
  async lose(): Promise<void> {
    this.#isClosed = true
    this.#isLost = true
    clearTimeout(this.#rememberTimer)
    this.#loseRuns()
    // A claim may be under way.
    await this.#inOrder(async () => (this.#unanswered = undefined))
    this.#loseRuns()
    await this.#whenIdle()
  }

  #loseRuns(): void {
    for (const run of this.#running) run.lose()
  }

  /** Waits for a claim that is under way. Starts the jobs of one that was not answered: nobody else knows of them. */
  async #endClaims(): Promise<void> {
    try {
      await this.#inOrder(() => this.#takeUnanswered())
    } catch (error) {
      const message = 'the jobs of the last claim are not known; they stay claimed until a worker starts'
      this.#options.run.logger.error({ err: error }, message)
    }
  }

  async #whenIdle(): Promise<void> {
    if (this.#running.size === 0) return
    this.#idle ??= Promise.withResolvers()
    await this.#idle.promise
  }

  /** Starts the jobs of a claim whose answer did not come. @returns whether it had claimed any */
  async #takeUnanswered(): Promise<boolean> {
    if (!this.#unanswered) return false
    const { token, turn } = this.#unanswered
    const claims = await this.#options.store.queue.claimed(token)
    this.#unanswered = undefined
    if (claims.length > 0) this.#turn = turn
    this.#startAll(claims)
    return claims.length > 0
  }

  async #fillSlots(
    now: number,
  ): Promise<{ readonly broken?: BrokenJobError | undefined; readonly standstillMs?: number | undefined }> {
    const { store, concurrency, models, steering } = this.#options
    // What is awaited may be held back now.
    if (this.#steeredBy !== steering.version) this.#awaited = undefined
    this.#steeredBy = steering.version
    const running = Array.from(this.#running, ({ claim }) => claim)
    const expect = () => this.#expectation(now)
    const shares = (jobs: readonly Claim[]) => this.#experience.shares(jobs, now)
    const situation = {
      ...this.#situation(now),
      turnIsEnded: this.#turnIsEnded(),
      steering,
      running,
      awaited: this.#awaited,
      turnModel: this.#lastClaim?.modelName,
      concurrency,
      models,
      expect,
      shares,
    }
    const { claims, turn, awaited, broken, failure, standstillMs } = await claimJobs(store, situation)
    this.#turn = turn
    this.#awaited = awaited
    this.#standingSince = standstillMs === undefined ? undefined : (this.#standingSince ?? now)
    this.#startAll(claims)
    this.#publish(standstillMs === undefined ? undefined : now + standstillMs)
    if (failure) {
      this.#unanswered = failure.unanswered
      throw failure.error
    }
    await this.#answerTurnEnd(now)
    return { broken, standstillMs }
  }

  /** Whether an operator wants the present turn to end: one that began before that, and has not ended since. */
  #turnIsEnded(): boolean {
    const { turnEnd } = this.#options.steering
    return (
      turnEnd?.stopRequestedAt === null &&
      this.#turn !== undefined &&
      !this.#turn.isOver &&
      this.#turn.startedAt < turnEnd.at
    )
  }

  async #answerTurnEnd(now: number): Promise<void> {
    const { steering, store, run } = this.#options
    const { turnEnd } = steering
    if (!turnEnd || this.#turnIsEnded()) return
    const hasStopped = turnEnd.stopRequestedAt !== null
    const end = hasStopped ? ({ state: 'stopped', done: 0 } as const) : ({ state: 'done', done: 1 } as const)
    await writeQuietly(
      () => store.operations.end(turnEnd.id, end, now),
      run.logger,
      'note that a turn has ended',
    )
  }

  /** Starts nothing, and puts back what runs, and unloads what is in memory, if that is wanted. The next turn is a new one. */
  async #heedPause({ id, releases, unloads }: HoldRow, now: number): Promise<number | undefined> {
    const { steering, store } = this.#options
    await steering.mayStart(await store.queue.waitingLines(), now)
    if (this.#turn) this.#turn = { ...this.#turn, isOver: true }
    this.#awaited = undefined
    this.#standingSince = undefined
    this.#publish()
    await this.#answerTurnEnd(now)
    if (releases) for (const run of this.#running) run.putBack()
    return unloads && this.#unloadedFor !== id ? this.#unload(id, now) : undefined
  }

  /** @returns when to try again */
  #unload(pause: string, now: number): number | undefined {
    const isIdle = this.#running.size === 0 && !this.#isPinning && !this.#isUnloading
    if (!isIdle || !this.#options.target.isUp) return undefined
    if (now < this.#unloadAgainAt) return this.#unloadAgainAt
    this.#unloadAgainAt = now + UNLOAD_AGAIN_MS
    this.#isUnloading = true
    void this.#unloadNow(pause)
    return undefined
  }

  async #unloadNow(pause: string): Promise<void> {
    const { unload, onReady, run } = this.#options
    const groups = [...this.#residents.groups, ...(this.#turn ? [this.#turn.groupKey] : [])]
    try {
      await unload(new Set(groups.map(weightsOf)))
      this.#unloadedFor = pause
      await this.forgetTurn()
      this.#said = []
      this.#residents.observe([])
      this.#publish()
    } catch (error) {
      run.logger.warn({ err: error }, 'the models could not be unloaded; trying again')
    }
    this.#isUnloading = false
    contain(onReady, run.logger, 'go on after unloading the models')
  }

  /** What the next choice depends on, besides the lines and who is expected. */
  #situation(now: number): Omit<Situation, 'lines' | 'expectation'> {
    const { maxWaitMs, maxWaitLowMs } = this.#options
    const loadMs = (groupKey: string) => this.loadMs(groupKey)
    const isResident = (groupKey: string) => this.#residents.has(groupKey)
    const servedAt = (groupKey: string) => this.#experience.servedAt(groupKey)
    return { turn: this.#turn, isResident, now, maxWaitMs, maxWaitLowMs, loadMs, servedAt }
  }

  /** Who may come back for what is in memory. */
  async #expectation(now: number): Promise<Expectation | undefined> {
    const { expects, store } = this.#options
    const turn = this.#turn
    if (!expects || !turn) return undefined
    const isHere = (groupKey: string) => groupKey === turn.groupKey || this.#residents.has(groupKey)
    const awaited = this.#experience.awaited(isHere, now)
    if (awaited.length === 0) return undefined
    const standingMs = Math.max(0, now - (this.#standingSince ?? now))
    return { awaited, waiting: await store.queue.ready(MAX_COUNTED), standingMs }
  }

  #startAll(claims: readonly Claim[]): void {
    const now = this.#options.run.now()
    for (const claim of claims) {
      const sent = this.#residents.noteSent(claim)
      this.#lastClaim = claim
      if (sent.isLoad) {
        this.#steadySince = Infinity
        this.#said = []
      }
      this.#experience.noteClaim(claim, now)
      contain(() => this.#start(claim, sent), this.#options.run.logger, 'start a job that was claimed')
    }
  }

  async #failBroken(broken: BrokenJobError, now: number): Promise<void> {
    const { store, run } = this.#options
    run.logger.error({ err: broken, jobSeq: broken.seq }, 'a job that cannot be run fails')
    await store.queue.failBroken(broken.seq, { now, ttlMs: run.jobTtlMs })
  }

  #start(claim: Claim, sent: Sent): void {
    const { isLoad } = sent
    const wasAlone = this.#running.size === 0
    const run: Run = new Run(claim, {
      ...this.#options.run,
      isWaitedFor: () => this.#isLoadWaitedFor(run),
      onBegun: () => isLoad && this.#noteBegun(claim),
    })
    this.#running.add(run)
    // `execute` does not reject.
    void run.execute().then(result => {
      this.#running.delete(run)
      this.#learn(claim, result, { ...sent, wasAlone })
      // It may have ended before its answer began.
      if (isLoad) this.#steadySince = Math.min(this.#steadySince, performance.now())
      contain(() => this.#options.onEnd(result), this.#options.run.logger, 'go on after the end of a job')
      if (this.#running.size === 0) this.#idle?.resolve()
    })
  }

  /** The first byte of a job for which a model had to be loaded, as far as anybody knew. */
  #noteBegun(claim: Claim): void {
    void this.#lookAtMemory()
    this.#noteLoaded(claim, this.#options.run.now())
  }

  /** @param at null: nothing was loaded after all */
  #noteLoaded({ turn }: Claim, at: number | null): void {
    const { store, run } = this.#options
    if (turn === null) return
    void writeQuietly(() => store.history.noteLoaded(turn, at), run.logger, 'note a load')
  }

  /** Counts a load, which the target states, or which nobody doubts. */
  #countLoad(claim: Claim, { isLoad, loaded, spent }: LoadSeen): void {
    const { store, run } = this.#options
    if (isLoad && loaded === false) this.#noteLoaded(claim, null)
    if (!(loaded ?? isLoad) || !spent) return
    const { turn, modelName: model, groupKey } = claim
    const loadMs = spent.usage?.loadMs ?? Math.min(this.loadMs(groupKey), spent.headAfterMs ?? spent.totalMs)
    const load = { turn, model, loadMs, isForeign: !isLoad }
    void writeQuietly(() => store.history.noteLoad(load, run.now()), run.logger, 'count a load')
  }

  /** A model has been loaded: which others are still there, only the target knows. */
  async #lookAtMemory(): Promise<void> {
    const askedAt = performance.now()
    this.#steadySince = askedAt
    try {
      this.#noteMemory(await this.#options.askResidents(), askedAt)
      // A job of another model in memory may run beside this one.
      this.#options.onReady()
    } catch (error) {
      this.#options.run.logger.debug({ err: error }, 'the target does not say what is in its memory')
    }
  }

  /** Tells whoever foretells the queue what only the worker knows. Written only when it has changed. */
  #publish(expectingUntil: number | null = null): void {
    const { store, run } = this.#options
    const { version } = this.#residents
    const isOld =
      this.#publishedOf?.version === version && this.#publishedOf.expectingUntil === expectingUntil
    if (isOld) return
    this.#publishedOf = { version, expectingUntil }
    const residentGroups = this.#residents.groups.slice(0, MAX_PUBLISHED)
    const residents = memoryOf(this.#residents.loaded, this.#said, MAX_PUBLISHED)
    const text = JSON.stringify([residentGroups, residents, expectingUntil])
    if (text === this.#published || this.#isLost) return
    this.#published = text
    const change = { residentGroups, residents, expectingUntil, rules: this.#rules }
    void writeQuietly(() => store.target.note(change), run.logger, 'publish what is in memory')
  }

  async #noteSizes(sizes: ReadonlyMap<string, number>): Promise<void> {
    const { store, run } = this.#options
    const note = async () => this.#experience.noteSizes(await sizesByWeights(store, sizes))
    await writeQuietly(note, run.logger, 'read which weights the models have')
  }

  #noteMemory(said: readonly Resident[] | undefined, askedAt: number): void {
    if (askedAt >= this.#steadySince) {
      this.#said = said ?? []
      this.#residents.observe(said?.map(({ name }) => name))
    }
    this.#publish()
  }

  async #rememberLast(): Promise<void> {
    if (this.#rememberTimer) await this.#remember()
  }

  /** Keeps what was learned for the worker that follows. When that fails, the next time keeps more. */
  async #remember(): Promise<void> {
    clearTimeout(this.#rememberTimer)
    this.#rememberTimer = undefined
    const { store, run } = this.#options
    await writeQuietly(
      () => store.queue.remember(this.#experience.toText()),
      run.logger,
      'keep what was learned',
    )
  }

  #learn(claim: Claim, { ending, spent }: RunResult, sent: Sent & Pick<Attempt, 'wasAlone'>): void {
    // What belongs to another worker now is not this one's to keep.
    if (this.#isLost || !spent) return
    const now = this.#options.run.now()
    const { isLoad, wasAlone } = sent
    const attempt = { ...spent, isLoad, wasAlone, streaming: claim.streaming }
    if (ending === 'answered') this.#experience.noteAnswer(claim, attempt, now)
    else this.#experience.noteFailure(claim, attempt, now)
    const loaded = this.#experience.figures.hasLoaded(claim.groupKey, attempt)
    if (loaded !== undefined) this.#residents.noteLoad(claim, sent, loaded)
    if (ending === 'answered') this.#countLoad(claim, { isLoad, loaded, spent })
    this.#rememberTimer ??= setTimeout(() => void this.#remember(), REMEMBER_MS).unref()
  }

  /**
   * Whether other jobs wait for the model that the job of a run loads: jobs that run as well, or jobs that would run next. If
   * another group runs next, the model has to leave memory in any case.
   */
  async #isLoadWaitedFor(run: Run): Promise<boolean> {
    const runsBeside = [...this.#running].some(other => other !== run && !other.isCancelling)
    if (runsBeside || this.#turn === undefined) return runsBeside
    const { store, steering, run: options } = this.#options
    const now = options.now()
    const lines = await steering.mayStart(await store.queue.waitingLines(), now)
    if (this.#turn === undefined) return false
    const situation = { ...this.#situation(now), lines, expectation: undefined }
    const choice = decide(situation)
    return choice !== undefined && 'groupKeys' in choice && choice.groupKeys.includes(this.#turn.groupKey)
  }

  /** Loads the embedding model in place of a job, and only when no job runs: the job would wait for the load. */
  #pin(): void {
    if (this.#running.size > 0) return
    this.#isPinning = true
    void this.#pinNow()
  }

  async #pinNow(): Promise<void> {
    const { embedder, onReady, run } = this.#options
    try {
      await embedder.pin()
    } catch (error) {
      run.logger.error({ err: error }, 'the embedding model could not be loaded')
    }
    this.#isPinning = false
    contain(onReady, run.logger, 'go on after loading the embedding model')
  }
}
