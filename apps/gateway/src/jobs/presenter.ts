import { aroundResult, describeDelivery, jobJson, outlineOfDelivery, type Prospect } from '@foreman/job-view'
import type { Delivery } from '@foreman/jobs'
import type { Logger } from '@foreman/process/logger'
import type { DeliveryAttempt, JobRecord, ListedDelivery, Store, Submitted } from '@foreman/store'
import type { ServerResponse } from 'node:http'
import { type Reveal, type Sight, sightOf, type Who, whyOutline } from '../access/roles.ts'
import type { Forecaster } from '../forecast/forecaster.ts'
import { onOneLine } from '../http/on-one-line.ts'
import { problem } from '../http/refusal.ts'
import { sendJsonParts } from '../http/send-json-parts.ts'
import { whenAvailable } from '../http/when-available.ts'
import type { Looks } from './looks.ts'
import { type StoredResult, StoredResults } from './stored-result.ts'

export interface PresenterOptions {
  readonly store: Store
  readonly forecaster: Forecaster
  readonly reveal: Reveal
  /** Where it is written down that an operator looks at the content of others. */
  readonly looks: Pick<Looks, 'note'>
  readonly logger: Logger
  readonly jobTtlMs: number
  /** A caller that reads nothing for this long is disconnected. */
  readonly stallMs: number
  readonly now: () => number
}

/** Finds jobs, and shows as much of them as somebody may see. */
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
  async find(id: string, who: Who): Promise<JobRecord> {
    const { store, jobTtlMs, now } = this.#options
    const job = await whenAvailable(() => store.records.byId(id))
    if (job && this.#sight(job, who) !== 'nothing') return job
    const createdAt = timeOf(id)
    if (!job && createdAt !== undefined && createdAt <= now() && createdAt + jobTtlMs < now())
      throw problem(410, 'job_expired', `job ${id} is no longer kept`)
    throw problem(404, 'job_not_found', `there is no job ${id}`)
  }

  /** What somebody sees of what is a caller's. */
  #sight({ caller }: Pick<JobRecord, 'caller'>, who: Who): Sight {
    return sightOf(who, caller, this.#options.reveal)
  }

  /** Describes webhook messages as somebody may see them. What an operator sees of others is written down once. */
  deliveries(who: Who): (delivery: ListedDelivery, attempts: readonly DeliveryAttempt[]) => Delivery {
    let hasLooked = false
    return (delivery, attempts) => {
      const described = describeDelivery(delivery, attempts)
      if (this.#sight(delivery, who) !== 'everything') return outlineOfDelivery(described)
      if (!hasLooked && delivery.caller !== who.caller) {
        hasLooked = true
        this.#options.looks.note('deliveries', who)
      }
      return described
    }
  }

  /** What somebody sees of a job or a batch that is about to be shown. What an operator sees of others is logged, and written down. */
  look({ id, caller }: Pick<JobRecord, 'id' | 'caller'>, who: Who): Sight {
    const { logger, looks } = this.#options
    const sight = this.#sight({ caller }, who)
    if (sight === 'everything' && caller !== who.caller) {
      logger.info({ subject: id, caller, by: who.caller }, "an operator looks at what is another's")
      looks.note(id, who, caller)
    }
    return sight
  }

  /** @throws Refusal with 403 when somebody sees a job in outline only */
  ensureContentIsSeen(job: JobRecord, who: Who): void {
    if (this.look(job, who) !== 'everything') throw problem(403, 'forbidden', whyOutline(who))
  }

  /** Jobs as they stand in a list. If an operator sees the metadata of others there, that is logged and written down once. */
  async *listed(steps: AsyncIterable<readonly JobRecord[]>, who: Who): AsyncGenerator<string[], void> {
    const { logger, looks } = this.#options
    let jobsOfOthers = 0
    try {
      for await (const jobs of steps) {
        yield jobs.map(job => {
          const isOutline = this.#sight(job, who) !== 'everything'
          if (!isOutline && job.caller !== who.caller && job.metadata !== null) jobsOfOthers++
          return jobJson(job, { isOutline })
        })
      }
    } finally {
      if (jobsOfOthers > 0) {
        logger.info(
          { jobs: jobsOfOthers, by: who.caller },
          "an operator looks at the metadata of others' jobs",
        )
        looks.note('jobs', who)
      }
    }
  }

  /** Sends a job as it is now. @throws Refusal with 410 when it has been deleted meanwhile */
  async show(seq: number, who: Who, response: ServerResponse): Promise<void> {
    const { store, forecaster } = this.#options
    const job = await whenAvailable(() => store.records.bySeq(seq))
    if (!job) throw problem(410, 'job_expired', 'the job is no longer kept')
    const prospect = job.state === 'queued' ? await whenAvailable(() => forecaster.of(job)) : undefined
    await this.#send(job, response, { who, status: 200, prospect })
  }

  /** Answers a submission: with 202, or with 200 if the job was submitted before with the same key. */
  async accepted({ seq, isReplayed }: Submitted, who: Who, response: ServerResponse): Promise<void> {
    const { records } = this.#options.store
    const job = await whenAvailable(() => records.bySeq(seq))
    if (!job) throw new Error(`job ${seq} is not there`)
    response.setHeader('Location', `/jobs/${job.id}`)
    if (isReplayed) response.setHeader('Idempotency-Replayed', 'true')
    // No estimate: it takes longer than inserting the job. `GET /jobs/:id` has it.
    await this.#send(job, response, { who, status: isReplayed ? 200 : 202 })
  }

  async #send(job: JobRecord, response: ServerResponse, { who, status, prospect }: Shown): Promise<void> {
    const { stallMs } = this.#options
    const parts = this.#json(job, { who, prospect, sight: this.look(job, who) })
    await sendJsonParts(response, parts, { status, stallMs })
  }

  /** A job as it stands in the results of a batch, on one line. It is for whoever has looked at the batch. */
  async *lineOf(job: JobRecord, who: Who): AsyncGenerator<string | Uint8Array, void> {
    const sight = this.#sight(job, who)
    for await (const part of this.#json(job, { who, sight })) yield onOneLine(part)
  }

  /** What is shown of a job's answer, for whoever sees everything. Dispose of it soon: until then it is in memory. */
  answerOf(job: JobRecord): Promise<StoredResult & Disposable> {
    return this.#results.open(job)
  }

  async *#json(
    job: JobRecord,
    { who, prospect, sight }: Omit<Shown, 'status'> & { readonly sight: Sight },
  ): AsyncGenerator<string | Uint8Array, void> {
    if (sight !== 'everything') {
      yield jobJson(job, { prospect, answer: { omitted: whyOutline(who) }, isOutline: true })
      return
    }
    using answer = await this.#results.open(job)
    yield* withResult(jobJson(job, { prospect, answer }), answer)
  }
}

/** How a job is shown. */
interface Shown {
  /** To whom. */
  readonly who: Who
  readonly status: number
  readonly prospect?: Prospect | undefined
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
