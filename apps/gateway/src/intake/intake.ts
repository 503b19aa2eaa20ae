import { groupKeyOf } from '@foreman/ollama-client'
import { type IdempotencyKey, type NewBatch, newBatchId, type Store, type Submitted } from '@foreman/store'
import { fitIntoOneStep, type Lot, lotsOf, submitInSteps } from './arrival.ts'
import type { Closure } from './closure.ts'
import type { DiskSpace } from './disk-space.ts'
import { type JobDraft, withId } from './job-draft.ts'
import type { QueueLimit } from './queue-limit.ts'
import type { StoreFaults } from './store-faults.ts'
import { whenWritable } from './when-writable.ts'

export interface IntakeOptions {
  readonly store: Store
  readonly diskSpace: Pick<DiskSpace, 'ensureRoom'>
  readonly queueLimit: QueueLimit
  readonly closure: Pick<Closure, 'ensureOpen'>
  readonly storeFaults: Pick<StoreFaults, 'ensureNone'>
  /** The name of this gateway process. */
  readonly gateway: string
  readonly now: () => number
}

export interface SubmitOptions {
  /**
   * The answer of `isKnown` for the request, if that was asked before. A known request is replayed, so limits do not apply
   * to it.
   */
  readonly isKnown?: boolean
}

/** A batch before it is submitted: it has no id yet. */
type BatchDraft = Omit<NewBatch, 'id'>

export interface SubmitAllOptions extends SubmitOptions {
  /** Whose batch the jobs are. Undefined: they are none. */
  readonly batch?: BatchDraft | undefined
}

/** Turns requests into jobs. All jobs of this gateway come into the queue here. */
export class Intake {
  readonly #options: IntakeOptions

  constructor(options: IntakeOptions) {
    this.#options = options
  }

  /**
   * Whether a caller's idempotency key has a job already.
   *
   * @throws Refusal with 422 when the key belongs to another request
   * @throws Refusal with 409 when the jobs of the key are still being written
   */
  async isKnown(caller: string, key: IdempotencyKey | undefined): Promise<boolean> {
    const { store, now } = this.#options
    return key !== undefined && whenWritable(() => store.submissions.hasJob({ caller, key, now: now() }))
  }

  /**
   * Writes a job whose caller waits for the answer. The queue limit does not apply to it. If this gateway dies, the worker
   * cancels the job.
   *
   * @throws Refusal
   */
  async enqueue(job: JobDraft): Promise<Submitted> {
    await this.#options.closure.ensureOpen()
    const [submitted] = await this.#write([{ ...job, gateway: this.#options.gateway }])
    return submitted!
  }

  /**
   * Writes a job that goes on without its caller.
   *
   * @throws Refusal
   */
  async submit(job: JobDraft, options: SubmitOptions = {}): Promise<Submitted> {
    const isKnown = options.isKnown ?? (await this.isKnown(job.caller, job.idempotency))
    const [submitted] = await this.submitAll([job], { isKnown })
    return submitted!
  }

  /**
   * Writes jobs that go on without their caller: all of them or none.
   *
   * @throws Refusal
   */
  async submitAll(jobs: readonly JobDraft[], { isKnown, batch }: SubmitAllOptions): Promise<Submitted[]> {
    const { queueLimit, closure } = this.#options
    if (!isKnown) {
      await closure.ensureOpen()
      await queueLimit.ensureRoomFor(jobs.length)
    }
    return this.#counted(await this.#write(jobs, batch && this.#named(batch)))
  }

  /**
   * Writes a batch whose lines are read while it is written: all of it or nothing.
   *
   * @param lots of jobs without idempotency keys
   * @returns the id of the batch
   * @throws Refusal, and what `lots` throws
   */
  async submitLots(lots: AsyncIterable<Lot>, given: BatchDraft): Promise<string> {
    const { store, now, closure } = this.#options
    await closure.ensureOpen()
    this.ensureRoom()
    const batch = this.#named(given)
    this.#counted(await submitInSteps(this.#withinLimit(lots), batch, { store, groupKeyOf, now }))
    return batch.id
  }

  async *#withinLimit(lots: AsyncIterable<Lot>): AsyncGenerator<Lot, void> {
    let jobs = 0
    for await (const lot of lots) {
      jobs += lot.jobs.length
      await this.#options.queueLimit.ensureRoomFor(jobs)
      yield lot
    }
  }

  #named(batch: BatchDraft): NewBatch {
    return { ...batch, id: newBatchId(batch.createdAt) }
  }

  #counted(submitted: Submitted[]): Submitted[] {
    this.#options.queueLimit.add(submitted.filter(({ isReplayed }) => !isReplayed).length)
    return submitted
  }

  /** @throws Refusal when nothing more can be written now */
  ensureRoom(): void {
    const { storeFaults, diskSpace } = this.#options
    storeFaults.ensureNone()
    diskSpace.ensureRoom()
  }

  async #write(jobs: readonly JobDraft[], batch?: NewBatch): Promise<Submitted[]> {
    const { store, now } = this.#options
    this.ensureRoom()
    if (!fitIntoOneStep(jobs)) return submitInSteps(lotsOf(jobs), batch, { store, groupKeyOf, now })
    const at = now()
    const named = jobs.map(job => withId(job, at))
    return whenWritable(() => store.submissions.enqueue({ jobs: named, groupKeyOf, now: at, batch }))
  }
}
