import type { BatchRow } from '@foreman/store'
import type { RequestHandler, Response } from 'express'
import { ownerListedFor, whoOf } from '../access/roles.ts'
import type { Context } from '../context.ts'
import { sendJsonParts } from '../http/send-json-parts.ts'
import { sendJson } from '../http/send-json.ts'
import { TimeSlice } from '../http/slices.ts'
import { validate } from '../http/validate.ts'
import { whenAvailable } from '../http/when-available.ts'
import { describeBatch, findBatch, lastQueuedOf, type OfBatch } from './about-batch.ts'
import { resultsOf } from './batch-results.ts'
import { cancelJobsOf } from './cancel-batch.ts'
import type { ReadContext } from './read.ts'
import { BatchQuery, ResultsQuery } from './schemas.ts'

export type BatchContext = ReadContext & Pick<Context, 'jobTtlMs'>

/** `GET /batches`: a page of batches, the newest first. */
export const listBatches =
  ({ store }: BatchContext): RequestHandler =>
  async (request, response) => {
    const { before, limit } = validate(BatchQuery, request.query)
    const who = whoOf(response)
    const first = before === undefined ? undefined : await findBatch(before, who, store)
    const filter = { caller: ownerListedFor(who), before: first?.seq, withOrigin: false }
    // One more than the page shows, to learn whether there is a next page.
    const found = await whenAvailable(() => store.batches.list({ ...filter, limit: limit + 1 }))
    const slice = new TimeSlice()
    const batches = []
    for (const batch of found.slice(0, limit)) {
      batches.push(await describeBatch(batch, store))
      if (slice.isOver) await slice.rest()
    }
    sendJson(response, 200, { batches, has_more: found.length > limit })
  }

/** `GET /batches/:id`. */
export const readBatch =
  (context: BatchContext): RequestHandler<OfBatch> =>
  async (request, response) => {
    const batch = await findBatch(request.params.id, whoOf(response), context.store)
    await showBatch(batch, response, context)
  }

/** `DELETE /batches/:id`: cancels its jobs. Those that have ended stay as they are. */
export const cancelBatch =
  (context: BatchContext): RequestHandler<OfBatch> =>
  async (request, response) => {
    const { store } = context
    const who = whoOf(response)
    const batch = await findBatch(request.params.id, who, store)
    await cancelJobsOf(batch, who, context)
    await showBatch(await findBatch(batch.id, who, store), response, context)
  }

/** `GET /batches/:id/results`: the jobs with their results, in the order of the submission, each when it has ended. */
export const batchResults =
  (context: BatchContext): RequestHandler<OfBatch> =>
  async (request, response) => {
    const { store, patience, stopping } = context
    const { after } = validate(ResultsQuery, request.query)
    const who = whoOf(response)
    const batch = await findBatch(request.params.id, who, store)
    const showsNames = context.presenter.look(batch, who) === 'everything'
    const options = { ...context, cutOff: stopping, who, showsNames }
    await sendJsonParts(response, resultsOf(batch, after === undefined ? 0 : after + 1, response, options), {
      status: 200,
      stallMs: patience.stallMs,
      contentType: 'application/x-ndjson',
    })
  }

const showBatch = async (batch: BatchRow, response: Response, context: BatchContext): Promise<void> => {
  const lastQueued = await lastQueuedOf(batch, context)
  sendJson(response, 200, await describeBatch(batch, context.store, lastQueued))
}
