import type { RequestHandler, Response } from 'express'
import type { IncomingMessage } from 'node:http'
import { whoOf } from '../access/roles.ts'
import { senderOf, type Sharing } from '../access/sender.ts'
import type { Context } from '../context.ts'
import { idempotencyOf, keyOfBatchJob } from '../http/idempotency-key.ts'
import { ensureNotEncoded } from '../http/json-body.ts'
import { withBody } from '../http/read-body.ts'
import { sendJson } from '../http/send-json.ts'
import { inSlices } from '../http/slices.ts'
import { whenAvailable } from '../http/when-available.ts'
import { BatchRefusal } from '../intake/batch-refusal.ts'
import type { JobDraft } from '../intake/job-draft.ts'
import { readBatch } from './batch.ts'
import { readSubmission } from './submission.ts'

export type SubmitContext = Pick<
  Context,
  | 'store'
  | 'intake'
  | 'admission'
  | 'presenter'
  | 'now'
  | 'bodyMemory'
  | 'maxBodyBytes'
  | 'maxBatchBytes'
  | 'sharing'
>

/** `POST /jobs`. A request that is replayed by its key is not checked again. */
export const submitJob =
  ({ intake, admission, presenter, now, bodyMemory, maxBodyBytes, sharing }: SubmitContext): RequestHandler =>
  async (request, response) => {
    ensureNotEncoded(request)
    const limits = { maxBytes: maxBodyBytes, memory: bodyMemory }
    const submitted = await withBody(request, limits, async body => {
      const { caller } = whoOf(response)
      const idempotency = await inSlices(idempotencyOf(request, '/jobs', body))
      const isKnown = await intake.isKnown(caller, idempotency)
      const options = { ...optionsFor(request, response, sharing), deadlinesAfter: isKnown ? 0 : now() }
      const job = await inSlices(readSubmission(body, options))
      if (!isKnown) await admission.ensureAcceptable(job)
      return intake.submit({ ...job, idempotency }, { isKnown })
    })
    await presenter.accepted(submitted, whoOf(response), response)
  }

/** `POST /jobs/batch`: all jobs of a batch are accepted, or none is. */
export const submitBatch =
  ({ store, intake, admission, now, bodyMemory, maxBatchBytes, sharing }: SubmitContext): RequestHandler =>
  async (request, response) => {
    ensureNotEncoded(request)
    const limits = { maxBytes: maxBatchBytes, memory: bodyMemory }
    const submitted = await withBody(request, limits, async body => {
      const { caller } = whoOf(response)
      const key = await inSlices(idempotencyOf(request, '/jobs/batch', body))
      const isKnown = await intake.isKnown(caller, key && keyOfBatchJob(key, 0))
      const options = { ...optionsFor(request, response, sharing), deadlinesAfter: isKnown ? 0 : now() }
      const type = request.headers['content-type'] ?? ''
      const { jobs, refusalOf } = await inSlices(
        readBatch(body, type, bytes => readSubmission(bytes, options)),
      )
      try {
        if (!isKnown) await admission.ensureAllAcceptable(jobs)
      } catch (error) {
        throw error instanceof BatchRefusal ? refusalOf(error) : error
      }
      const placed = jobs.map((job, index): JobDraft => {
        const idempotency = key && keyOfBatchJob(key, index)
        return { ...job, line: { line: index + 1 }, idempotency }
      })
      return intake.submitAll(placed, { isKnown, batch: { caller, createdAt: now() } })
    })
    const batch = await whenAvailable(() => store.batches.ofJob(submitted[0]!))
    const isReplayed = submitted.every(one => one.isReplayed)
    if (isReplayed) response.setHeader('Idempotency-Replayed', 'true')
    sendJson(response, isReplayed ? 200 : 202, {
      // Older versions wrote none.
      ...(batch && { batch: batch.id }),
      count: submitted.length,
      jobs: submitted.map(({ id }, index) => ({ index, id })),
    })
  }

/** What a submission takes from the request that brought it. */
const optionsFor = (request: IncomingMessage, response: Response, sharing: Sharing) => {
  const { caller, priority: tokenPriority } = whoOf(response)
  const senderFor = (user: string | undefined) => senderOf(request, { caller, user }, sharing)
  return { caller, tokenPriority, senderFor }
}
