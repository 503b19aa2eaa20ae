import { isEndState, priorities, type Priority } from '@foreman/jobs'
import type { JobRecord } from '@foreman/store'
import type { RequestHandler } from 'express'
import type { Context } from '../context.ts'
import { priorityWithin } from '../http/priority.ts'
import { problem } from '../http/refusal.ts'
import type { JobDraft } from '../intake/job-draft.ts'
import { type WholeRequest, withStoredRequest } from '../intake/stored-request.ts'
import { whenWritable } from '../intake/when-writable.ts'
import { aboutJob, type OfJob } from './about-job.ts'
import { noteIntervention } from './intervention.ts'

export type CancelContext = Pick<
  Context,
  'store' | 'intake' | 'presenter' | 'bodyMemory' | 'now' | 'jobTtlMs'
>

/** `DELETE /jobs/:id` and `POST /jobs/:id/cancel`. Cancelling a job that has ended changes nothing. */
export const cancelJob = (context: CancelContext): RequestHandler<OfJob> =>
  aboutJob(context, async ({ job, who, response }) => {
    const { store, presenter, now, jobTtlMs } = context
    if (!isEndState(job.state)) {
      const ending = { now: now(), ttlMs: jobTtlMs }
      const result = await whenWritable(() => store.submissions.cancel(job, ending))
      if (result !== 'ended') await noteIntervention(context, 'cancel', job, who)
    }
    await presenter.show(job.seq, who, response)
  })

/** `POST /jobs/:id/retry`: submits the request of a job that has ended once more, as a new job. */
export const retryJob = (context: CancelContext): RequestHandler<OfJob> =>
  aboutJob(context, async ({ job, who, response }) => {
    const { intake, presenter } = context
    if (!isEndState(job.state)) throw problem(409, 'not_ended', `job ${job.id} is ${job.state}`)
    const repeated = await withStoredRequest(job.seq, context, async stored =>
      intake.submit(repeatOf(job, stored, who.priority)),
    )
    await noteIntervention(context, 'retry', job, who)
    await presenter.accepted(repeated, who, response)
  })

/**
 * The new job has no deadline: the old one's was meant for the old job. What the queue needs to know of the request is in
 * the row of the old job, so the request is not read again.
 */
export const repeatOf = (
  job: JobRecord,
  request: WholeRequest | undefined,
  tokenPriority: Priority | undefined,
): JobDraft => {
  if (!request) throw problem(410, 'job_expired', `the request of job ${job.id} is no longer kept`)
  const { path, endpoint, model, modelName, loadOptions, caller, account, sender } = job
  return {
    path,
    endpoint,
    model,
    modelName,
    loadOptions,
    caller,
    account,
    sender,
    headers: request.headers,
    body: request.body,
    // As of every background job.
    streaming: false,
    // The token may have been given another one since.
    priority: priorityWithin(priorities[job.priority], tokenPriority) ?? tokenPriority ?? 'normal',
    maxAttempts: job.maxAttempts ?? undefined,
    metadata: job.metadata ?? undefined,
    webhook: request.webhook,
    retryOf: job.id,
  }
}
