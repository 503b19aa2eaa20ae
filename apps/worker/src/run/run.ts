import { canonicalModelName, type OllamaClient } from '@foreman/ollama-client'
import { type Claim, JobLostError, type Store } from '@foreman/store'
import { setTimeout as delay } from 'node:timers/promises'
import type { Logger } from '../logger.ts'
import { persist } from '../persist.ts'
import { runAttempt, StopError } from './attempt.ts'
import { type Attempt, type Ending, judge, needsProbe, type TargetProbe, type Verdict } from './verdict.ts'

const PROGRESS_MS = 1_000
/** A timer can wait no longer. */
const LONGEST_TIMER_MS = 2 ** 31 - 1
const LOAD_POLL_MS = 200
const LOAD_POLL_TIMEOUT_MS = 2_000

export interface RunOptions {
  readonly client: OllamaClient
  readonly store: Store
  readonly logger: Logger
  readonly now: () => number
  readonly jobTimeoutMs: number
  readonly stallMs: number
  readonly maxAttempts: number
  readonly jobTtlMs: number
  /** Called when the file has been told how far a job is. */
  readonly onProgress: () => void
  readonly probe: () => Promise<TargetProbe>
  /** Whether other jobs wait that need the model as this one does. */
  readonly isWaitedFor: () => boolean
}

/** What the worker has to know of a run that has ended. */
export interface RunResult {
  readonly ending: Ending['kind'] | 'lost'
  readonly targetIsAway?: string
  readonly watchdog?: boolean
}

/** One claimed job on its way through the target. */
export class Run {
  readonly claim: Claim
  readonly #options: RunOptions
  readonly #logger: Logger
  readonly #stop = new AbortController()
  #hasOutput = false
  #progressAt: number | undefined
  #cancelling = false
  #ended = false

  constructor(claim: Claim, options: RunOptions) {
    this.claim = claim
    this.#options = options
    this.#logger = options.logger.child({ job: claim.id, attempt: claim.attempt })
  }

  /** Runs one attempt and writes what became of it. Never rejects for anything the target or the disk does. */
  async execute(): Promise<RunResult> {
    const { client, store, jobTimeoutMs, stallMs } = this.#options
    this.#logger.info({ model: this.claim.model, path: this.claim.path }, 'job started')
    const deadline = this.#startDeadline()
    try {
      const ending = await runAttempt(this.claim, {
        client,
        jobTimeoutMs,
        stallMs,
        stop: this.#stop.signal,
        append: output =>
          persist(
            async () => {
              await store.together('normal', () => store.runs.append(this.claim, output))
              if (output.body.length > 0) this.#hasOutput = true
            },
            this.#logger,
            this.#stop.signal,
          ),
        onTokens: tokens => this.#noteProgress(tokens),
      })
      const verdict = judge(
        ending,
        this.#attempt(),
        needsProbe(ending) ? await this.#options.probe() : undefined,
      )
      await persist(() => store.together('full', () => this.#write(verdict)), this.#logger)
      return this.#result(ending, verdict)
    } catch (error) {
      if (!(error instanceof JobLostError)) throw error
      this.#logger.warn('another run has this job; its result here is dropped')
      return { ending: 'lost' }
    } finally {
      clearTimeout(deadline)
      this.#ended = true
    }
  }

  /** The worker stops: the exchange is cut off, the job goes back. */
  shutDown(): void {
    this.#stop.abort(new StopError('shutdown'))
  }

  /**
   * The caller has left. The exchange is cut off, unless it is loading a model that others wait for: Ollama would
   * throw the load away, so it is cut off once the model is there.
   */
  async cancel(): Promise<void> {
    if (this.#cancelling) return
    this.#cancelling = true
    while (await this.#isLoadingForOthers()) await delay(LOAD_POLL_MS)
    this.#stop.abort(new StopError('cancelled'))
  }

  #startDeadline(): NodeJS.Timeout | undefined {
    const { deadlineAt } = this.claim
    if (deadlineAt === null) return undefined
    const restMs = Math.max(0, deadlineAt - this.#options.now())
    const stop = () => this.#stop.abort(new StopError('deadline'))
    return setTimeout(stop, Math.min(restMs, LONGEST_TIMER_MS))
  }

  /** Once a second at the most, and in nobody's way: the next note will do as well. */
  #noteProgress(tokens: number): void {
    const now = performance.now()
    this.#progressAt ??= now
    if (now - this.#progressAt < PROGRESS_MS || this.#ended) return
    this.#progressAt = now
    const { store, onProgress } = this.#options
    const note = () => store.runs.progress(this.claim, tokens, this.#options.now())
    store.together('normal', note).then(onProgress, error => {
      this.#logger.debug({ err: error as Error }, 'progress could not be noted')
    })
  }

  async #isLoadingForOthers(): Promise<boolean> {
    const { client } = this.#options
    if (this.#ended || this.#hasOutput || this.#stop.signal.aborted) return false
    try {
      if (!this.#options.isWaitedFor()) return false
      const { models } = await client.ps({ signal: AbortSignal.timeout(LOAD_POLL_TIMEOUT_MS) })
      return !models.some(({ name }) => this.#isSameFile(name))
    } catch {
      return false
    }
  }

  /** Whether a model that is in memory is this job's, be it under another name of its weights. */
  #isSameFile(resident: string): boolean {
    const { catalogue } = this.#options.store
    const name = canonicalModelName(resident) ?? resident
    if (name === this.claim.modelName) return true
    const weights = catalogue.model(name)?.loading?.['weights']
    return weights !== undefined && weights === catalogue.model(this.claim.modelName)?.loading?.['weights']
  }

  #attempt(): Attempt {
    const { attempt, failedAttempts, answerAttempt, streaming } = this.claim
    const maxAttempts = this.claim.maxAttempts ?? this.#options.maxAttempts
    return { attempt, failedAttempts, answerAttempt, streaming, maxAttempts, hasOutput: this.#hasOutput }
  }

  #write(verdict: Verdict): void {
    const { store, jobTtlMs } = this.#options
    const now = this.#options.now()
    if (verdict.kind === 'finish') return store.runs.finish(this.claim, verdict.finish, now, jobTtlMs)
    const { release, delayMs } = verdict
    const back = delayMs > 0 ? { ...release, availableAt: now + delayMs } : release
    store.runs.release(this.claim, back, now, jobTtlMs)
  }

  #result(ending: Ending, verdict: Verdict): RunResult {
    if (verdict.kind === 'finish') {
      const { state, errorCode, statusCode } = verdict.finish
      this.#logger.info({ state, code: errorCode, status: statusCode }, 'job ended')
    } else {
      this.#logger.info(
        { code: verdict.release.code, delayMs: verdict.delayMs },
        'job goes back to the queue',
      )
    }
    const result = { ending: ending.kind, watchdog: ending.kind === 'timed_out' }
    if (verdict.kind === 'finish' || verdict.targetIsAway === undefined) return result
    return { ...result, targetIsAway: verdict.targetIsAway }
  }
}
