import { type JobAnswer, describeJob, readAnswer } from '@foreman/job-view'
import { isEndState, type Job } from '@foreman/jobs'
import type { JobRecord, OutputCursor, Store, Submitted } from '@foreman/store'
import type { ServerResponse } from 'node:http'
import { setImmediate } from 'node:timers/promises'
import { problem } from '../http/refusal.ts'
import { sendJson } from '../http/send-json.ts'

export interface ViewerOptions {
  readonly store: Store
  /** Whether there are several callers. Each sees only its own jobs then. */
  readonly isShared: boolean
  readonly jobTtlMs: number
  readonly now: () => number
}

/** Positions are counted up to this. */
const MAX_POSITION = 1_000
/** The result of a longer answer is not shown. */
const MAX_ANSWER_MIB = 32
const MAX_ANSWER_BYTES = MAX_ANSWER_MIB * 1024 * 1024
const TOO_LONG: JobAnswer = { omitted: `the answer has more than ${MAX_ANSWER_MIB} MiB; /stream has it` }

/** Finds jobs for their callers, and shows them. */
export class JobViewer {
  readonly #options: ViewerOptions

  constructor(options: ViewerOptions) {
    this.#options = options
  }

  /**
   * @throws Refusal with 404 when there is no such job, or when it is another caller's
   * @throws Refusal with 410 when the job has been deleted after its time
   */
  find(id: string, caller: string): JobRecord {
    const { store, isShared, jobTtlMs, now } = this.#options
    const job = store.records.byId(id)
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
    const job = this.#options.store.records.bySeq(seq)
    if (!job) throw problem(410, 'job_expired', 'the job is no longer kept')
    sendJson(response, 200, await this.#describe(job))
  }

  async #describe(job: JobRecord): Promise<Job> {
    const { records } = this.#options.store
    return describeJob(job, {
      position: job.state === 'queued' ? records.position(job.seq, MAX_POSITION) : undefined,
      answer: await this.#answerOf(job),
    })
  }

  /** Answers a submission: with 202, or with 200 if the job was submitted before with the same key. */
  async accepted({ seq, isReplayed }: Submitted, response: ServerResponse): Promise<void> {
    const job = this.#options.store.records.bySeq(seq)
    if (!job) throw new Error(`job ${seq} is not there`)
    response.setHeader('Location', `/jobs/${job.id}`)
    if (isReplayed) response.setHeader('Idempotency-Replayed', 'true')
    // No `position`: counting the queue takes longer than inserting the job. `GET /jobs/:id` has it.
    sendJson(response, isReplayed ? 200 : 202, describeJob(job, { answer: await this.#answerOf(job) }))
  }

  /** The answer of a job that has ended. It is read in steps, and other requests are served in between. */
  async #answerOf(job: JobRecord): Promise<JobAnswer | undefined> {
    if (!isEndState(job.state)) return undefined
    let cursor: OutputCursor | undefined
    let reader: ReturnType<typeof readAnswer> | undefined
    let bytes = 0
    for (;;) {
      const read = this.#options.store.output.read(job.seq, cursor)
      if (!read || read.pieces.length === 0) return reader?.read()
      for (const piece of read.pieces) {
        if (piece.kind === 'head') reader = readAnswer(job, piece.head)
        else {
          bytes += piece.bytes.byteLength
          reader?.push(piece.bytes)
        }
      }
      if (bytes > MAX_ANSWER_BYTES) return TOO_LONG
      cursor = read.cursor
      await setImmediate()
    }
  }
}

/** When the job with this id was submitted (UUID version 7); undefined when the text is not an id of a job. */
const timeOf = (id: string): number | undefined => {
  const hex = /^job_([0-9a-f]{12})7[0-9a-f]{19}$/.exec(id)?.[1]
  return hex === undefined ? undefined : Number.parseInt(hex, 16)
}
