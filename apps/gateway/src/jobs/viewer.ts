import { type Answer, describeJob, readAnswer } from '@foreman/job-view'
import type { Job } from '@foreman/jobs'
import { isEndState } from '@foreman/jobs'
import { type JobRecord, type OutputCursor, type Store, type Submitted } from '@foreman/store'
import type { ServerResponse } from 'node:http'
import { setImmediate } from 'node:timers/promises'
import { problem } from '../http/refusal.ts'
import { sendJson } from '../http/send-json.ts'

export interface ViewerOptions {
  readonly store: Store
  /** Whether there are several callers, who see only what is their own. */
  readonly isShared: boolean
  readonly jobTtlMs: number
  readonly now: () => number
}

/** Further than this nobody counts who is ahead. */
const FARTHEST_POSITION = 1_000
/** An answer that takes more as it is stored is not shown as a result. */
const LONGEST_ANSWER_BYTES = 32 * 1024 * 1024

/** Finds jobs for their callers, and shows them. */
export class JobViewer {
  readonly #options: ViewerOptions

  constructor(options: ViewerOptions) {
    this.#options = options
  }

  /** @throws Refusal with 404; with 410 when its time was up long ago */
  find(id: string, caller: string): JobRecord {
    const { store, isShared, jobTtlMs, now } = this.#options
    const job = store.records.byId(id)
    if (job && (!isShared || job.caller === caller)) return job
    const createdAt = timeOf(id)
    if (!job && createdAt !== undefined && createdAt <= now() && createdAt + jobTtlMs < now())
      throw problem(410, 'job_expired', `job ${id} is no longer kept`)
    throw problem(404, 'job_not_found', `there is no job ${id}`)
  }

  /** Whose jobs a caller may list; undefined: everybody's. */
  visibleTo(caller: string): string | undefined {
    return this.#options.isShared ? caller : undefined
  }

  async describe(job: JobRecord): Promise<Job> {
    const { records } = this.#options.store
    return describeJob(job, {
      position: job.state === 'queued' ? records.position(job.seq, FARTHEST_POSITION) : undefined,
      answer: await this.#answerOf(job),
    })
  }

  /** Tells a caller that its work has been taken over, or had been already. */
  async accepted({ seq, isReplayed }: Submitted, response: ServerResponse): Promise<void> {
    const job = this.#options.store.records.bySeq(seq)
    if (!job) throw new Error(`job ${seq} is not there`)
    response.setHeader('Location', `/jobs/${job.id}`)
    if (isReplayed) response.setHeader('Idempotency-Replayed', 'true')
    // Where it stands is only told to who asks for it: counting takes longer than taking it over.
    sendJson(response, isReplayed ? 200 : 202, describeJob(job, { answer: await this.#answerOf(job) }))
  }

  /** Of a job that has ended. Read a bit at a time: others are served in between. */
  async #answerOf(job: JobRecord): Promise<Answer | undefined> {
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
      if (bytes > LONGEST_ANSWER_BYTES) return undefined
      cursor = read.cursor
      await setImmediate()
    }
  }
}

/** When a job with this id was handed in (UUID version 7); undefined: it is no job's id. */
const timeOf = (id: string): number | undefined => {
  const hex = /^job_([0-9a-f]{12})7[0-9a-f]{19}$/.exec(id)?.[1]
  return hex === undefined ? undefined : Number.parseInt(hex, 16)
}
