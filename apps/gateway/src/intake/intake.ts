import {
  canonicalModelName,
  type GeneratingEndpoint,
  type GenerationRequest,
  loadOptionsOf,
  loadSignature,
} from '@foreman/ollama-client'
import type { IdempotencyKey, NewJob, Store, Submitted } from '@foreman/store'
import type { Room } from './disk-space.ts'
import type { Backlog } from './queue-limit.ts'
import { whenWritable } from './when-writable.ts'

export interface IntakeOptions {
  readonly store: Store
  readonly room: Room
  readonly backlog: Backlog
  readonly now: () => number
  /** Throws a Refusal when jobs cannot be taken for a reason of the whole installation. */
  readonly demandWorkingLocks: () => void
}

/** What of a job its request says. */
export type RequestedJob = Pick<NewJob, 'path' | 'endpoint' | 'model' | 'modelName' | 'loadOptions'>

/** A job that has yet to be told its group. */
export type JobDraft = Omit<NewJob, 'groupKey'>

/** The one way in: where a request becomes a job. */
export class Intake {
  readonly #options: IntakeOptions

  constructor(options: IntakeOptions) {
    this.#options = options
  }

  /** Reads off a request what the queue must know of it. */
  requested(path: string, { path: route }: GeneratingEndpoint, generation: GenerationRequest): RequestedJob {
    const { model } = generation
    const modelName = canonicalModelName(model) ?? model
    return { path, endpoint: route, model, modelName, loadOptions: JSON.stringify(loadOptionsOf(generation)) }
  }

  /** Whether a request has been taken before: what is asked of new ones is not asked of it. @throws Refusal */
  async hasTaken(caller: string, key: IdempotencyKey | undefined): Promise<boolean> {
    const { submissions } = this.#options.store
    return key !== undefined && whenWritable(async () => submissions.hasJob(caller, key))
  }

  /** For a caller that waits. @throws Refusal */
  async take(job: JobDraft): Promise<Submitted> {
    const { store, now } = this.#options
    this.#demandRoom()
    const write = () => store.submissions.enqueue(this.#grouped([job])[0]!, now())
    return whenWritable(() => store.together('full', write))
  }

  /** For a caller that does not. @throws Refusal */
  async handOver(job: JobDraft): Promise<Submitted> {
    if (!(await this.hasTaken(job.caller, job.idempotency))) this.#options.backlog.demand(1)
    const submitted = await this.take(job)
    if (!submitted.isReplayed) this.#options.backlog.add(1)
    return submitted
  }

  /** All of them or none. @throws Refusal */
  async handOverAll(jobs: readonly JobDraft[]): Promise<Submitted[]> {
    const { store, now, backlog } = this.#options
    this.#demandRoom()
    if (!(await this.hasTaken(jobs[0]?.caller ?? '', jobs[0]?.idempotency))) backlog.demand(jobs.length)
    const write = () => store.submissions.enqueueAll(this.#grouped(jobs), now())
    const submitted = await whenWritable(async () => store.atOnce('full', write))
    backlog.add(submitted.filter(({ isReplayed }) => !isReplayed).length)
    return submitted
  }

  /**
   * Tells jobs their groups. Within their transaction: what is known of a model may change, and the queue is put in
   * order then, but not what comes in later by the old knowledge.
   */
  #grouped(jobs: readonly JobDraft[]): NewJob[] {
    const { catalogue } = this.#options.store
    const known = new Map<string, string>()
    return jobs.map(job => {
      const { model, modelName, loadOptions } = job
      const key = `${modelName} ${loadOptions}`
      const options = JSON.parse(loadOptions) as ReturnType<typeof loadOptionsOf>
      const groupKey =
        known.get(key) ?? loadSignature({ model, ...options, ...catalogue.model(modelName)?.loading })
      known.set(key, groupKey)
      return { ...job, groupKey }
    })
  }

  #demandRoom(): void {
    this.#options.demandWorkingLocks()
    this.#options.room.demand()
  }
}
