import { isEndState, priorities } from '@foreman/jobs'
import { type JobRecord, type Store, wholeBody } from '@foreman/store'
import type { RequestHandler } from 'express'
import { callerOf } from '../access/tokens.ts'
import type { Context } from '../context.ts'
import { problem } from '../http/refusal.ts'
import type { JobDraft } from '../intake/intake.ts'
import { whenWritable } from '../intake/when-writable.ts'

export type CancelContext = Pick<Context, 'store' | 'intake' | 'viewer' | 'now' | 'jobTtlMs'>

type OfJob = { readonly id: string }

/** `DELETE /jobs/:id` and `POST /jobs/:id/cancel`. Cancelling a job that has ended changes nothing. */
export const cancelJob =
  ({ store, viewer, now, jobTtlMs }: CancelContext): RequestHandler<OfJob> =>
  async (request, response) => {
    const job = viewer.find(request.params.id, callerOf(response))
    if (!isEndState(job.state)) {
      const write = () => store.submissions.cancel(job, now(), jobTtlMs)
      await whenWritable(() => store.together('full', write))
    }
    await viewer.show(job.seq, response)
  }

/** `POST /jobs/:id/retry`: submits the request of a job that has ended once more, as a new job. */
export const retryJob =
  ({ store, intake, viewer }: CancelContext): RequestHandler<OfJob> =>
  async (request, response) => {
    const job = viewer.find(request.params.id, callerOf(response))
    if (!isEndState(job.state)) throw problem(409, 'not_ended', `job ${job.id} is ${job.state}`)
    const repeated = await intake.submit(await repeatOf(job, store.records))
    await viewer.accepted(repeated, response)
  }

/**
 * The new job has no deadline: the old one's was meant for the old job. What the queue needs to know of the request is in
 * the row of the old job, so the request is not read again.
 */
const repeatOf = async (job: JobRecord, records: Store['records']): Promise<JobDraft> => {
  const request = records.request(job.seq)
  const body = request && (await wholeBody(records, { ...request, seq: job.seq }))
  if (!body) throw problem(410, 'job_expired', `the request of job ${job.id} is no longer kept`)
  const { path, endpoint, model, modelName, loadOptions, caller } = job
  return {
    path,
    endpoint,
    model,
    modelName,
    loadOptions,
    caller,
    headers: request.headers,
    body,
    // As of every background job.
    streaming: false,
    priority: priorities[job.priority] ?? 'normal',
    maxAttempts: job.maxAttempts ?? undefined,
    metadata: job.metadata ?? undefined,
    webhook: request.webhook,
    retryOf: job.id,
  }
}
