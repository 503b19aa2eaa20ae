import { aroundResult, jobJson, type Prospect } from '@foreman/job-view'
import type { JobRecord, Store, Submitted } from '@foreman/store'
import type { ServerResponse } from 'node:http'
import type { Forecaster } from '../forecast/forecaster.ts'
import { problem } from '../http/refusal.ts'
import { sendJsonParts } from '../http/send-json-parts.ts'
import { whenAvailable } from '../http/when-available.ts'
import { type StoredResult, StoredResults } from './stored-result.ts'

export interface PresenterOptions {
  readonly store: Store
  readonly forecaster: Forecaster
  /** Whether there are several callers. Each sees only its own jobs then. */
  readonly isShared: boolean
  readonly jobTtlMs: number
  /** A caller that reads nothing for this long is disconnected. */
  readonly stallMs: number
  readonly now: () => number
}

/** Finds jobs for their callers, and shows them. */
export class JobPresenter {
  readonly #options: PresenterOptions
  readonly #results: StoredResults

  constructor(options: PresenterOptions) {
    this.#options = options
    this.#results = new StoredResults(options.store)
  }

  /**
   * @throws Refusal with 404 when there is no such job, or when it is another caller's
   * @throws Refusal with 410 when the job has been deleted after its time
   */
  async find(id: string, caller: string): Promise<JobRecord> {
    const { store, isShared, jobTtlMs, now } = this.#options
    const job = await whenAvailable(() => store.records.byId(id))
    if (job && (!isShared || job.caller === caller)) return job
    const createdAt = timeOf(id)
    if (!job && createdAt !== undefined && createdAt <= now() && createdAt + jobTtlMs < now())
      throw problem(410, 'job_expired', `job ${id} is no longer kept`)
    throw problem(404, 'job_not_found', `there is no job ${id}`)
  }

  /** The caller whose jobs this caller may list; undefined when it may list everybody's. */
  visibleTo(caller: string): string | undefined {
    return this.#options.isShared ? caller : undefined
  }

  /** Sends a job as it is now. @throws Refusal with 410 when it has been deleted meanwhile */
  async show(seq: number, response: ServerResponse): Promise<void> {
    const { store, forecaster } = this.#options
    const job = await whenAvailable(() => store.records.bySeq(seq))
    if (!job) throw problem(410, 'job_expired', 'the job is no longer kept')
    const prospect = job.state === 'queued' ? await whenAvailable(() => forecaster.of(job)) : undefined
    await this.#send(job, response, { status: 200, prospect })
  }

  /** Answers a submission: with 202, or with 200 if the job was submitted before with the same key. */
  async accepted({ seq, isReplayed }: Submitted, response: ServerResponse): Promise<void> {
    const { records } = this.#options.store
    const job = await whenAvailable(() => records.bySeq(seq))
    if (!job) throw new Error(`job ${seq} is not there`)
    response.setHeader('Location', `/jobs/${job.id}`)
    if (isReplayed) response.setHeader('Idempotency-Replayed', 'true')
    // No estimate: it takes longer than inserting the job. `GET /jobs/:id` has it.
    await this.#send(job, response, { status: isReplayed ? 200 : 202 })
  }

  async #send(
    job: JobRecord,
    response: ServerResponse,
    { status, prospect }: { readonly status: number; readonly prospect?: Prospect | undefined },
  ): Promise<void> {
    const { stallMs } = this.#options
    await this.#results.use(job, answer => {
      const json = jobJson(job, { prospect, answer })
      return sendJsonParts(response, withResult(json, answer), { status, stallMs })
    })
  }
}

const withResult = async function* (
  json: string,
  { json: result }: StoredResult,
): AsyncGenerator<string | Uint8Array, void> {
  if (result === undefined) {
    yield json
    return
  }
  const [before, after] = aroundResult(json)
  yield before
  yield* result
  yield after
}

/** When the job with this id was submitted (UUID version 7); undefined when the text is not an id of a job. */
const timeOf = (id: string): number | undefined => {
  const hex = /^job_([0-9a-f]{12})7[0-9a-f]{19}$/.exec(id)?.[1]
  return hex === undefined ? undefined : Number.parseInt(hex, 16)
}
