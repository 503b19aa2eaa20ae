import { groupKeyOf } from '@foreman/ollama-client'
import type { IdempotencyKey, NewJob, Store, Submitted } from '@foreman/store'
import { fitIntoOneCommit, submitInSteps } from './arrival.ts'
import type { DiskSpace } from './disk-space.ts'
import type { LockTest } from './lock-test.ts'
import type { QueueFile } from './queue-file.ts'
import type { QueueLimit } from './queue-limit.ts'
import { whenWritable } from './when-writable.ts'

export interface IntakeOptions {
  readonly store: Store
  readonly diskSpace: Pick<DiskSpace, 'ensureRoom'>
  readonly queueFile: Pick<QueueFile, 'ensureInPlace'>
  readonly queueLimit: QueueLimit
  readonly lockTest: Pick<LockTest, 'ensureWorkingLocks'>
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

/** A job before it is submitted: it has no group key yet. */
export type JobDraft = Omit<NewJob, 'groupKey'>

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
    return key !== undefined && whenWritable(async () => store.submissions.hasJob(caller, key, now()))
  }

  /**
   * Writes a job whose caller waits for the answer. The queue limit does not apply to it. If this gateway dies, the worker
   * cancels the job.
   *
   * @throws Refusal
   */
  async enqueue(job: JobDraft): Promise<Submitted> {
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
  async submitAll(jobs: readonly JobDraft[], { isKnown }: SubmitOptions): Promise<Submitted[]> {
    const { queueLimit } = this.#options
    if (!isKnown) queueLimit.ensureRoomFor(jobs.length)
    const submitted = await this.#write(jobs)
    queueLimit.add(submitted.filter(({ isReplayed }) => !isReplayed).length)
    return submitted
  }

  async #write(jobs: readonly JobDraft[]): Promise<Submitted[]> {
    const { store, now, lockTest, queueFile, diskSpace } = this.#options
    lockTest.ensureWorkingLocks()
    queueFile.ensureInPlace()
    diskSpace.ensureRoom()
    const withGroupKeys = (some: readonly JobDraft[]) => this.#withGroupKeys(some)
    if (!fitIntoOneCommit(jobs)) return submitInSteps(jobs, { store, now, withGroupKeys })
    const write = () => store.submissions.enqueueAll(withGroupKeys(jobs), now())
    return whenWritable(() => store.together('full', write))
  }

  /**
   * Sets the group key of each job. Must run inside the transaction that inserts the jobs: if the worker regroups the
   * queue in between, it would miss a job that is inserted with the old key.
   */
  #withGroupKeys(jobs: readonly JobDraft[]): NewJob[] {
    const { catalogue } = this.#options.store
    // A batch of ten thousand jobs names few models.
    const known = new Map<string, string>()
    return jobs.map(job => {
      const { model, modelName, loadOptions } = job
      const facts = `${modelName} ${loadOptions}`
      const groupKey =
        known.get(facts) ?? groupKeyOf({ model, loadOptions, loading: catalogue.model(modelName)?.loading })
      known.set(facts, groupKey)
      return { ...job, groupKey }
    })
  }
}
