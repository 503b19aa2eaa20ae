import type { Spent } from '@foreman/experience'
import type { OllamaClient } from '@foreman/ollama-client'
import { MAX_TIMER_MS } from '@foreman/process'
import type { Logger } from '@foreman/process/logger'
import { type Claim, type Finish, JobLostError, type Received, type Store, wholeBody } from '@foreman/store'
import { setTimeout as delay } from 'node:timers/promises'
import { persist } from '../persist.ts'
import type { TargetProbe } from '../target/target-probe.ts'
import { runAttempt, StopError } from './attempt.ts'
import type { Attempt, Ending, Verdict } from './ending.ts'
import { JobLog } from './job-log.ts'
import { needsProbe } from './provisional.ts'
import { isStillLoading } from './still-loading.ts'
import { BROKEN_RELEASE, isUsedUp, judge, judgeBroken } from './verdict.ts'

const LOAD_POLL_MS = 200

export interface RunOptions {
  readonly client: OllamaClient
  readonly store: Store
  readonly logger: Logger
  readonly now: () => number
  readonly jobTimeoutMs: number
  readonly stallMs: number
  readonly loadTimeoutMs: number
  readonly maxAttempts: number
  readonly jobTtlMs: number
  /** Called when the store has been told how far a job is. */
  readonly onProgress: () => void
  readonly probe: () => Promise<TargetProbe>
  /** Called when the target begins to answer: the model is loaded. */
  readonly onBegun: () => void
  /** Whether other jobs wait that need the same loaded model, and run before it has to leave. */
  readonly isWaitedFor: () => Promise<boolean>
}

const CANCELLED: Ending = { kind: 'stopped', why: 'cancelled' }

/** How a run ended, for the worker. `lost`: another worker has the job. `broken`: foreman itself made an error. */
export interface RunResult {
  readonly ending: Ending['kind'] | 'lost' | 'broken'
  /** Why the target is taken to be away, if the run found it away. */
  readonly targetIsAway?: string
  /** Undefined: the request was not sent, or nothing is known of it. */
  readonly spent?: Spent
}

/** Runs one attempt of a claimed job. */
export class Run {
  readonly claim: Claim
  readonly #options: RunOptions
  readonly #logger: Logger
  readonly #log: JobLog
  readonly #stop = new AbortController()
  readonly #giveUp = new AbortController()
  #isCancelling = false
  #isLost = false
  #hasEnded = false
  /** When the request was sent, and when its answer began, by `performance.now()`. */
  #sentAt: number | undefined
  #begunAt: number | undefined

  constructor(claim: Claim, options: RunOptions) {
    this.claim = claim
    this.#options = options
    this.#logger = options.logger.child({ job: claim.id, attempt: claim.attempt })
    this.#log = new JobLog({ ...options, logger: this.#logger, claim, signal: this.#stop.signal })
  }

  /** Runs the attempt, decides what becomes of the job, and writes it. Does not reject, whatever happens. */
  async execute(): Promise<RunResult> {
    let deadline: NodeJS.Timeout | undefined
    try {
      this.#logger.info({ model: this.claim.model, path: this.claim.path }, 'job started')
      deadline = this.#startDeadline()
      const ending = await this.#runAttempt()
      await this.#log.settled()
      const probe = needsProbe(ending) ? await this.#options.probe() : undefined
      if (this.#isLost) return { ending: 'lost' }
      const { rest } = this.#log
      const verdict = judge(this.#isLeft(ending) ? CANCELLED : ending, this.#attempt(rest), probe)
      await this.#write(verdict, rest)
      this.#report(verdict)
      return { ...resultOf(ending, verdict), ...this.#spent(ending) }
    } catch (error) {
      if (this.#isLost || this.#hasLostItsClaim(error)) return { ending: 'lost' }
      return this.#giveUp.signal.aborted ? this.#stayClaimed() : await this.#endBroken(error)
    } finally {
      clearTimeout(deadline)
      this.#hasEnded = true
    }
  }

  /** Whether the job is to be cancelled. */
  get isCancelling(): boolean {
    return this.#isCancelling
  }

  /** Cuts the exchange off because the worker stops. The job goes back to the queue. */
  shutDown(): void {
    this.#stop.abort(new StopError('shutdown'))
  }

  /** Cuts the exchange off because the queue is paused, unless a streaming caller has bytes of it. The job goes back to the queue. */
  putBack(): void {
    const isStreamed = this.claim.streaming && this.#log.hasReceived
    if (!isStreamed) this.#stop.abort(new StopError('paused'))
  }

  /** Ends the wait for a store that takes no writes, because the worker has to stop. Then the job stays claimed. */
  giveUp(): void {
    this.#giveUp.abort()
  }

  /** Ends the run without writing anything more, because the job may belong to another worker now. */
  lose(): void {
    this.#isLost = true
    this.#stop.abort(new StopError('shutdown'))
    this.#giveUp.abort()
  }

  /**
   * Cuts the exchange off because the job is to be cancelled. While the target loads a model that other jobs wait for,
   * this waits for the load: Ollama throws a load away when its caller leaves. It waits no longer than the load may take.
   */
  async cancel(): Promise<void> {
    if (this.#isCancelling) return
    this.#isCancelling = true
    while (await this.#isLoadingForOthers()) await delay(LOAD_POLL_MS)
    this.#stop.abort(new StopError('cancelled'))
  }

  async #runAttempt(): Promise<Ending> {
    if (isUsedUp(this.#attempt())) return { kind: 'used_up' }
    const body = await this.#readBody()
    const { reason } = this.#stop.signal
    if (reason instanceof StopError) return { kind: 'stopped', why: reason.why }
    if (!body) throw new Error('a part of the request is missing')
    const isLoading = () => this.#isLoading().catch(() => this.claim.streaming)
    const onBegun = () => {
      this.#begunAt = performance.now()
      this.#options.onBegun()
    }
    const options = { ...this.#options, stop: this.#stop.signal, log: this.#log, isLoading, onBegun }
    this.#sentAt = performance.now()
    return runAttempt({ ...this.claim, body }, options)
  }

  /** The body of the request. Undefined also when the run is stopped while the store does not give it. */
  async #readBody(): Promise<Buffer | undefined> {
    const { signal } = this.#stop
    const read = () => wholeBody(this.#options.store.records, this.claim)
    try {
      return await persist(read, this.#logger, signal)
    } catch (error) {
      if (!signal.aborted) throw error
      return undefined
    }
  }

  /**
   * Whether the target has yet to load the model.
   *
   * @throws when the target does not say. The caller of a streaming job should have had bytes by the time that somebody
   *   asks; a non-streaming answer may just be long
   */
  async #isLoading(): Promise<boolean> {
    const { modelName } = this.claim
    if ((await this.#options.store.catalogue.model(modelName))?.remote === true) return false
    return isStillLoading(modelName, this.#options)
  }

  /** Whether the attempt ended by a clock while a cancelled job waited for a load. */
  #isLeft(ending: Ending): boolean {
    return this.#isCancelling && ending.kind === 'timed_out'
  }

  #hasLostItsClaim(error: unknown): boolean {
    if (!(error instanceof JobLostError)) return false
    this.#logger.warn('another worker has claimed this job; the result of this run is dropped')
    return true
  }

  /** The next worker puts the job back. It counts as lost, because nothing could be written about the stop. */
  #stayClaimed(): RunResult {
    this.#logger.error('the queue cannot be written; the job stays claimed until a worker starts')
    return { ending: 'stopped' }
  }

  /** Ends this job alone. When its end cannot be written, the job goes back to the queue, to end later. */
  async #endBroken(error: unknown): Promise<RunResult> {
    this.#logger.error({ err: error }, 'an error within foreman ended this attempt')
    await this.#log.settled()
    for (const verdict of [judgeBroken(this.#attempt()), BROKEN_RELEASE]) {
      if (this.#isLost) return { ending: 'lost' }
      try {
        await this.#write(verdict)
        this.#report(verdict)
        return { ending: 'broken' }
      } catch (cause) {
        if (this.#hasLostItsClaim(cause)) return { ending: 'lost' }
        this.#logger.error({ err: cause }, 'what becomes of this job could not be written')
      }
    }
    this.#logger.error('the job stays claimed until a worker starts')
    return { ending: 'broken' }
  }

  #startDeadline(): NodeJS.Timeout | undefined {
    const { deadlineAt } = this.claim
    if (deadlineAt === null) return undefined
    const restMs = Math.max(0, deadlineAt - this.#options.now())
    const stop = () => this.#stop.abort(new StopError('deadline'))
    return setTimeout(stop, Math.min(restMs, MAX_TIMER_MS))
  }

  async #isLoadingForOthers(): Promise<boolean> {
    if (this.#hasEnded || this.#log.hasOutput || this.#stop.signal.aborted) return false
    try {
      return (await this.#options.isWaitedFor()) && (await this.#isLoading())
    } catch {
      return false
    }
  }

  /** To be called when the exchange has ended. */
  #spent(ending: Ending): Pick<RunResult, 'spent'> {
    if (this.#sentAt === undefined) return {}
    const spent: Spent = {
      totalMs: performance.now() - this.#sentAt,
      headAfterMs: this.#begunAt && this.#begunAt - this.#sentAt,
      usage: ending.kind === 'answered' ? ending.usage : undefined,
    }
    return { spent }
  }

  /** @param rest what will be written with the verdict */
  #attempt(rest?: Received): Attempt {
    const { attempt, failedAttempts, answerAttempt, streaming } = this.claim
    const maxAttempts = this.claim.maxAttempts ?? this.#options.maxAttempts
    const hasOutput = this.#log.hasOutput || (rest?.body?.length ?? 0) > 0
    return { attempt, failedAttempts, answerAttempt, streaming, maxAttempts, hasOutput }
  }

  /** @param rest what the attempt has brought and is not written yet */
  #write(verdict: Verdict, rest?: Received): Promise<void> {
    const { store, jobTtlMs, now } = this.#options
    const write = async (): Promise<void> => {
      const ending = { now: now(), ttlMs: jobTtlMs }
      const after = this.#log.lastEntry
      if (verdict.kind === 'finish') {
        const end = {
          ...(rest && { output: rest }),
          ...verdict.finish,
          ...this.#firstByte(),
          ...(after && { after }),
        }
        return store.runs.finish(this.claim, end, ending)
      }
      const { release, delayMs } = verdict
      const back = delayMs > 0 ? { ...release, availableAt: ending.now + delayMs } : release
      await store.runs.release(this.claim, back, ending)
    }
    return persist(write, this.#logger, this.#giveUp.signal)
  }

  #firstByte(): Partial<Pick<Finish, 'firstByteAt'>> {
    if (this.#begunAt === undefined) return {}
    return { firstByteAt: this.#options.now() - Math.round(performance.now() - this.#begunAt) }
  }

  #report(verdict: Verdict): void {
    if (verdict.kind === 'finish') {
      const { state, errorCode, statusCode } = verdict.finish
      return this.#logger.info({ state, code: errorCode, status: statusCode }, 'job ended')
    }
    const { release, delayMs } = verdict
    this.#logger.info({ code: release.code, delayMs }, 'job goes back to the queue')
  }
}

const resultOf = (ending: Ending, verdict: Verdict): RunResult =>
  verdict.kind === 'release' && verdict.targetIsAway !== undefined
    ? { ending: ending.kind, targetIsAway: verdict.targetIsAway }
    : { ending: ending.kind }
