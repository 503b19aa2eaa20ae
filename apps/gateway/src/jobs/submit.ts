import type { RequestHandler } from 'express'
import { callerOf } from '../access/tokens.ts'
import type { Context } from '../context.ts'
import { idempotencyOf, keyOfBatchJob } from '../http/idempotency-key.ts'
import { readBody } from '../http/read-body.ts'
import { sendJson } from '../http/send-json.ts'
import { BatchRefusal } from '../intake/batch-refusal.ts'
import type { JobDraft } from '../intake/intake.ts'
import { readBatch } from './batch.ts'
import { readSubmission } from './submission.ts'

export type SubmitContext = Pick<
  Context,
  'intake' | 'admission' | 'viewer' | 'now' | 'maxBodyBytes' | 'maxBatchBytes'
>

/** `POST /jobs`. A request that is replayed by its key is not checked again. */
export const submitJob =
  ({ intake, admission, viewer, now, maxBodyBytes }: SubmitContext): RequestHandler =>
  async (request, response) => {
    const body = await readBody(request, maxBodyBytes)
    const caller = callerOf(response)
    const idempotency = idempotencyOf(request, '/jobs', body)
    const isKnown = await intake.isKnown(caller, idempotency)
    const job = readSubmission(body, { caller, deadlinesAfter: isKnown ? 0 : now() })
    if (!isKnown) await admission.ensureAcceptable(job)
    await viewer.accepted(await intake.submit({ ...job, idempotency }, { isKnown }), response)
  }

/** `POST /jobs/batch`: all jobs of a batch are accepted, or none is. */
export const submitBatch =
  ({ intake, admission, now, maxBatchBytes }: SubmitContext): RequestHandler =>
  async (request, response) => {
    const body = await readBody(request, maxBatchBytes)
    const caller = callerOf(response)
    const key = idempotencyOf(request, '/jobs/batch', body)
    const isKnown = await intake.isKnown(caller, key && keyOfBatchJob(key, 0))
    const options = { caller, deadlinesAfter: isKnown ? 0 : now() }
    const { jobs, refusalOf } = await readBatch(body, request.headers['content-type'] ?? '', bytes =>
      readSubmission(bytes, options),
    )
    try {
      if (!isKnown) await admission.ensureAllAcceptable(jobs)
    } catch (error) {
      throw error instanceof BatchRefusal ? refusalOf(error) : error
    }
    const keyed = key
      ? jobs.map((job, index): JobDraft => ({ ...job, idempotency: keyOfBatchJob(key, index) }))
      : jobs
    const submitted = await intake.submitAll(keyed, { isKnown })
    const isReplayed = submitted.every(one => one.isReplayed)
    if (isReplayed) response.setHeader('Idempotency-Replayed', 'true')
    sendJson(response, isReplayed ? 200 : 202, {
      count: submitted.length,
      jobs: submitted.map(({ id }, index) => ({ index, id })),
    })
  }
