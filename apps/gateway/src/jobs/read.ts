import { canonicalModelName } from '@foreman/ollama-client'
import type { JobRecord } from '@foreman/store'
import type { Request, RequestHandler } from 'express'
import { ownerListedFor, whoOf } from '../access/roles.ts'
import { type RawStreamOptions, streamAnswer } from '../answer/raw-stream.ts'
import { untilJobEnded } from '../answer/wait.ts'
import type { Context } from '../context.ts'
import { preferencesOf } from '../http/prefer.ts'
import { problem } from '../http/refusal.ts'
import { jsonArray, sendJsonParts } from '../http/send-json-parts.ts'
import { validate } from '../http/validate.ts'
import { aboutJob, type OfJob } from './about-job.ts'
import { streamEvents } from './event-stream.ts'
import { JobQuery } from './schemas.ts'

export type ReadContext = Pick<
  Context,
  | 'store'
  | 'presenter'
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

/** A cursor is the place of a job in the order of arrival, written with letters to keep it short. */
const CURSOR_BASE = 36

/** `GET /jobs`: a page of jobs, the newest first. It is read and sent in steps. */
export const listJobs =
  ({ store, presenter, patience: { stallMs } }: ReadContext): RequestHandler =>
  async (request, response) => {
    const { state, model, caller, since, limit, cursor } = validate(JobQuery, request.query)
    const who = whoOf(response)
    const own = ownerListedFor(who)
    const isOfOthers = own !== undefined && caller !== undefined && caller !== own
    const steps = isOfOthers
      ? []
      : store.records.list({
          caller: own ?? caller,
          state,
          modelName: model === undefined ? undefined : (canonicalModelName(model) ?? model),
          since: since === undefined ? undefined : Date.parse(since),
          before: cursor === undefined ? undefined : Number.parseInt(cursor, CURSOR_BASE),
          // One more than the page shows, to learn whether there is a next page.
          limit: limit + 1,
        })
    const json = pageJson(steps, limit, pages => presenter.listed(pages, who))
    await sendJsonParts(response, json, { status: 200, stallMs })
  }

const pageJson = async function* (
  steps: AsyncIterable<readonly JobRecord[]> | Iterable<readonly JobRecord[]>,
  limit: number,
  listed: (pages: AsyncIterable<readonly JobRecord[]>) => AsyncIterable<string[]>,
): AsyncGenerator<string, void> {
  let shown = 0
  let last: JobRecord | undefined
  let hasMore = false
  const jobsOfSteps = async function* (): AsyncGenerator<readonly JobRecord[], void> {
    for await (const jobs of steps) {
      const page = jobs.slice(0, limit - shown)
      hasMore ||= jobs.length > page.length
      shown += page.length
      last = page.at(-1) ?? last
      yield page
    }
  }
  yield '{"jobs":'
  yield* jsonArray(listed(jobsOfSteps()))
  const next = hasMore ? last?.seq.toString(CURSOR_BASE) : undefined
  yield `,"next_cursor":${JSON.stringify(next ?? null)}}`
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
