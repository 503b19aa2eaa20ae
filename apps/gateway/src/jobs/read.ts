import type { JobRecord } from '@foreman/store'
import type { Request, RequestHandler } from 'express'
import { whoOf } from '../access/roles.ts'
import { type RawStreamOptions, streamAnswer } from '../answer/raw-stream.ts'
import { untilJobEnded } from '../answer/wait.ts'
import type { Context } from '../context.ts'
import { preferencesOf } from '../http/prefer.ts'
import { problem } from '../http/refusal.ts'
import { sendJsonParts } from '../http/send-json-parts.ts'
import { validate } from '../http/validate.ts'
import { whenAvailable } from '../http/when-available.ts'
import { aboutJob, type OfJob } from './about-job.ts'
import { conditionsOf } from './conditions.ts'
import { streamEvents } from './event-stream.ts'
import { queryOf } from './metadata-query.ts'
import { pageJson, seqOfCursor } from './page-json.ts'
import { JobQuery } from './schemas.ts'

export type ReadContext = Pick<
  Context,
  | 'store'
  | 'presenter'
  | 'reveal'
  | 'forecaster'
  | 'followers'
  | 'bodyMemory'
  | 'patience'
  | 'stopping'
  | 'logger'
  | 'now'
>

/** Followers can come again, so they are not kept for the grace period of a stop. */
const following = ({ stopping, ...context }: ReadContext): RawStreamOptions => ({
  ...context,
  cutOff: stopping,
})

/** How far back one page looks for jobs that no index finds directly: less far where it reads the metadata of each. */
const MAX_LOOKED_AT = 100_000
const MAX_METADATA_LOOKED_AT = 25_000

/** `GET /jobs`: a page of jobs, the newest first. It is read and sent in steps. */
export const listJobs =
  ({ store: { records }, presenter, reveal, patience: { stallMs } }: ReadContext): RequestHandler =>
  async (request, response) => {
    const { limit, cursor, ...asked } = validate(JobQuery, queryOf(request.query))
    const who = whoOf(response)
    const meant = conditionsOf(asked, who, reveal)
    const conditions = meant && { ...meant, before: seqOfCursor(cursor) }
    const most = asked.meta ? MAX_METADATA_LOOKED_AT : MAX_LOOKED_AT
    const end = conditions && (await whenAvailable(() => records.lookBack(most, conditions)))
    // One more than the page shows, to learn whether there is a next page.
    const steps = conditions ? records.list({ ...conditions, from: end?.seq, limit: limit + 1 }) : []
    const shown = {
      limit,
      end,
      listed: (pages: AsyncIterable<readonly JobRecord[]>) => presenter.listed(pages, who),
    }
    const json = pageJson(steps, { ...shown, name: 'jobs', next: 'next_cursor' })
    await sendJsonParts(response, json, { status: 200, stallMs })
  }

/** `GET /jobs/:id`: the job as it is now, or, with `Prefer: wait`, once it has ended. */
export const readJob = (context: ReadContext): RequestHandler<OfJob> =>
  aboutJob(context, async ({ job, who, request, response }) => {
    const { waitMs } = preferencesOf(request)
    if (waitMs !== undefined) {
      await untilJobEnded(job, waitMs, response, following(context))
      if (response.destroyed) return
      response.setHeader('Preference-Applied', `wait=${waitMs / 1_000}`)
    }
    await context.presenter.show(job.seq, who, response)
  })

/** `GET /jobs/:id/events`: what has happened to the job and what happens, as an event stream. */
export const followJob = (context: ReadContext): RequestHandler<OfJob> =>
  aboutJob(context, async ({ job, who, request, response }) => {
    const after = lastEventId(request)
    const isOutline = context.presenter.look(job, who) !== 'everything'
    await streamEvents(job, after, response, { ...following(context), isOutline })
  })

/** `GET /jobs/:id/stream`: the target's answer as it came. */
export const streamJob = (context: ReadContext): RequestHandler<OfJob> =>
  aboutJob(context, async ({ job, who, response }) => {
    context.presenter.ensureContentIsSeen(job, who)
    await streamAnswer(job, response, following(context))
  })

/**
 * The last event that a client has; 0 when it has none. A browser cannot set the header the first time. A client whose
 * last id is empty may say so.
 */
const lastEventId = ({ headers, query }: Pick<Request, 'headers' | 'query'>): number => {
  const text = headers['last-event-id'] || query['last_event_id'] || '0'
  if (typeof text === 'string' && /^\d{1,15}$/.test(text)) return Number(text)
  throw problem(400, 'invalid_request', 'Last-Event-ID is not the id of an event')
}
