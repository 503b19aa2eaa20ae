import type { BatchRow, Store } from '@foreman/store'
import type { RequestHandler } from 'express'
import { ownerListedFor, sightOf, type Who, whoOf } from '../access/roles.ts'
import type { Context } from '../context.ts'
import { withBody } from '../http/read-body.ts'
import { Refusal } from '../http/refusal.ts'
import { sendJson } from '../http/send-json.ts'
import { TimeSlice } from '../http/slices.ts'
import { whenAvailable } from '../http/when-available.ts'
import { endOfBatch } from '../jobs/about-batch.ts'
import { cancelJobsOf } from '../jobs/cancel-batch.ts'
import { readBatchRequest } from './batch-request.ts'
import { type CreateContext, createBatch } from './create-batch.ts'
import { batchObject } from './describe.ts'
import { findFile, type OfId } from './files.ts'
import { findBatch } from './find-batch.ts'
import { pageOf, sendPage } from './pages.ts'

export type OpenAiBatchContext = CreateContext & Pick<Context, 'reveal' | 'bodyMemory' | 'jobTtlMs'>

/** Longer ones hold nothing that foreman reads. */
const MAX_REQUEST_BYTES = 64 * 1024
/** How many bad lines are shown with a batch that has no others. */
const MAX_ERRORS = 50

/** `POST /v1/batches`. */
export const postBatch =
  (context: OpenAiBatchContext): RequestHandler =>
  async (request, response) => {
    const { store, bodyMemory } = context
    const who = whoOf(response)
    const limits = { maxBytes: MAX_REQUEST_BYTES, memory: bodyMemory }
    const asked = await withBody(request, limits, async body => readBatchRequest(body))
    const file = await findFile(asked.inputFileId, who, store)
    if (sightOf(who, file.caller, context.reveal) !== 'everything')
      throw new Refusal(403, 'you may not see the content of others here')
    const batch = await createBatch(asked, file, { request, response, context })
    sendJson(response, 200, await shown(batch, who, context))
  }

/** `GET /v1/batches`. */
export const listBatches =
  (context: OpenAiBatchContext): RequestHandler =>
  async (request, response) => {
    const { store } = context
    const who = whoOf(response)
    const { after, limit } = pageOf(request.query)
    const first = after === undefined ? undefined : await findBatch(after, who, store)
    const filter = { caller: ownerListedFor(who), before: first?.seq, limit: limit + 1, withOrigin: true }
    const found = await whenAvailable(() => store.batches.list(filter))
    const objects = new Map<string, object>()
    const slice = new TimeSlice()
    for (const batch of found.slice(0, limit)) {
      objects.set(batch.id, await shown(batch, who, context))
      if (slice.isOver) await slice.rest()
    }
    sendPage(response, found.slice(0, limit), found.length > limit, ({ id }) => objects.get(id)!)
  }

/** `GET /v1/batches/:id`. */
export const readBatch = (context: OpenAiBatchContext): RequestHandler<OfId> =>
  aboutBatch(context, async () => undefined)

/** `POST /v1/batches/:id/cancel`. */
export const cancelBatch = (context: OpenAiBatchContext): RequestHandler<OfId> =>
  aboutBatch(context, (batch, who) => cancelJobsOf(batch, who, context))

/** Does something with a batch, and shows it as it is then. */
const aboutBatch =
  (context: OpenAiBatchContext, act: (batch: BatchRow, who: Who) => Promise<void>): RequestHandler<OfId> =>
  async (request, response) => {
    const who = whoOf(response)
    const { id } = request.params
    await act(await findBatch(id, who, context.store), who)
    sendJson(response, 200, await shown(await findBatch(id, who, context.store), who, context))
  }

const shown = async (
  batch: BatchRow,
  who: Who,
  { store, reveal }: Pick<Context, 'store' | 'reveal'>,
): Promise<object> => {
  const counts = await whenAvailable(() => store.batches.counts(batch))
  const endedAt = counts.queued + counts.running === 0 ? await endOfBatch(batch, store) : undefined
  const badLines = batch.jobs === 0 ? await firstLines(batch, store) : []
  const isContentSeen = sightOf(who, batch.caller, reveal) === 'everything'
  return batchObject({ batch, counts, endedAt, badLines, isContentSeen })
}

const firstLines = (batch: BatchRow, { batches }: Pick<Store, 'batches'>) =>
  whenAvailable(() => batches.lines(batch, 0, MAX_ERRORS))
