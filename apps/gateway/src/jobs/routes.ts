import { describeJob } from '@foreman/job-view'
import { isEndState, priorities, type WebhookEvent } from '@foreman/jobs'
import { canonicalModelName, generatingEndpoint, readGenerationRequest } from '@foreman/ollama-client'
import { type JobRecord } from '@foreman/store'
import { type ErrorRequestHandler, type Request, type RequestHandler, type Response, Router } from 'express'
import { callerOf } from '../access/tokens.ts'
import { streamAnswer } from '../answer/raw-stream.ts'
import { untilEnded } from '../answer/wait.ts'
import { idempotencyOf, keyOfBatchJob } from '../http/idempotency-key.ts'
import { onlyFor } from '../http/only-for.ts'
import { preferencesOf } from '../http/prefer.ts'
import { readBody } from '../http/read-body.ts'
import { problem } from '../http/refusal.ts'
import { sendJson } from '../http/send-json.ts'
import { validate } from '../http/validate.ts'
import type { Admission } from '../intake/admission.ts'
import { BatchRefusal } from '../intake/batch-refusal.ts'
import type { Intake, JobDraft } from '../intake/intake.ts'
import { jobFactsOf } from '../intake/job-facts.ts'
import { whenWritable } from '../intake/when-writable.ts'
import { readBatch } from './batch.ts'
import { deliveryRoutes } from './deliveries.ts'
import { type FollowOptions, streamEvents } from './event-stream.ts'
import { JobQuery } from './schemas.ts'
import { readSubmission } from './submission.ts'
import type { JobViewer } from './viewer.ts'

export interface JobsOptions extends FollowOptions {
  readonly intake: Intake
  readonly admission: Admission
  readonly viewer: JobViewer
  readonly now: () => number
  readonly maxBodyBytes: number
  readonly maxBatchBytes: number
  readonly jobTtlMs: number
}

/** Work that nobody waits for: handed over, looked at, followed, called off, repeated. */
export const jobRoutes = (options: JobsOptions): Router => {
  const { store, intake, admission, viewer, now } = options
  const router = Router({ caseSensitive: true, strict: true })

  const find = (request: Request<{ id: string }>, response: Response): JobRecord =>
    viewer.find(request.params.id, callerOf(response))

  const show = async (seq: number, response: Response): Promise<void> => {
    const job = store.records.bySeq(seq)
    if (!job) throw problem(410, 'job_expired', 'the job is no longer kept')
    sendJson(response, 200, await viewer.describe(job))
  }

  const submit: RequestHandler = async (request, response) => {
    const body = await readBody(request, options.maxBodyBytes)
    const caller = callerOf(response)
    const idempotency = idempotencyOf(request, '/jobs', body)
    const isKnown = await intake.isKnown(caller, idempotency)
    const job = readSubmission(body, { caller, deadlinesAfter: isKnown ? 0 : now() })
    if (!isKnown) await admission.ensureAcceptable(job)
    await viewer.accepted(await intake.submit({ ...job, idempotency }, { isKnown }), response)
  }

  const submitBatch: RequestHandler = async (request, response) => {
    const body = await readBody(request, options.maxBatchBytes)
    const caller = callerOf(response)
    const key = idempotencyOf(request, '/jobs/batch', body)
    const isKnown = await intake.isKnown(caller, key && keyOfBatchJob(key, 0))
    const by = { caller, deadlinesAfter: isKnown ? 0 : now() }
    const { jobs, refusalOf } = await readBatch(body, request.headers['content-type'] ?? '', bytes =>
      readSubmission(bytes, by),
    )
    try {
      if (!isKnown) await admission.ensureAllAcceptable(jobs)
    } catch (error) {
      throw error instanceof BatchRefusal ? refusalOf(error) : error
    }
    const submitted = await intake.submitAll(
      key ? jobs.map((job, index): JobDraft => ({ ...job, idempotency: keyOfBatchJob(key, index) })) : jobs,
      { isKnown },
    )
    const isReplayed = submitted.every(one => one.isReplayed)
    if (isReplayed) response.setHeader('Idempotency-Replayed', 'true')
    sendJson(response, isReplayed ? 200 : 202, {
      count: submitted.length,
      jobs: submitted.map(({ id }, index) => ({ index, id })),
    })
  }

  const list: RequestHandler = (request, response) => {
    const { state, model, caller, since, limit, cursor } = validate(JobQuery, request.query)
    const own = viewer.visibleTo(callerOf(response))
    const isOthers = own !== undefined && caller !== undefined && caller !== own
    const jobs = isOthers
      ? []
      : store.records.list({
          caller: own ?? caller,
          state,
          modelName: model === undefined ? undefined : (canonicalModelName(model) ?? model),
          since: since === undefined ? undefined : Date.parse(since),
          before: cursor === undefined ? undefined : Number.parseInt(cursor, CURSOR_BASE),
          limit: limit + 1,
        })
    const page = jobs.slice(0, limit)
    const last = jobs.length > limit ? page.at(-1) : undefined
    sendJson(response, 200, {
      jobs: page.map(job => describeJob(job)),
      next_cursor: last ? last.seq.toString(CURSOR_BASE) : null,
    })
  }

  const read = async (request: Request<{ id: string }>, response: Response): Promise<void> => {
    const job = find(request, response)
    const { waitMs } = preferencesOf(request)
    if (waitMs !== undefined) {
      await untilEnded(job, waitMs, response, options)
      if (response.destroyed) return
      response.setHeader('Preference-Applied', `wait=${waitMs / 1_000}`)
    }
    await show(job.seq, response)
  }

  const cancel = async (request: Request<{ id: string }>, response: Response): Promise<void> => {
    const job = find(request, response)
    if (!isEndState(job.state)) {
      const write = () => store.submissions.cancel(job, now(), options.jobTtlMs)
      await whenWritable(() => store.together('full', write))
    }
    await show(job.seq, response)
  }

  const retry = async (request: Request<{ id: string }>, response: Response): Promise<void> => {
    const job = find(request, response)
    if (!isEndState(job.state)) throw problem(409, 'not_ended', `job ${job.id} is ${job.state}`)
    await viewer.accepted(await intake.submit(repeated(job), { isKnown: false }), response)
  }

  /** The same once more, as a job of its own. Its deadline is not: that was for the first. */
  const repeated = (job: JobRecord): JobDraft => {
    const endpoint = generatingEndpoint(job.endpoint)
    const request = store.records.request(job.seq)
    const generation = endpoint && request && readGenerationRequest(request.body, endpoint)
    if (!generation) throw problem(410, 'job_expired', `the request of job ${job.id} is no longer kept`)
    const { headers, body, webhook } = request
    return {
      ...jobFactsOf(job.path, endpoint, generation),
      headers,
      body,
      streaming: false,
      caller: job.caller,
      priority: priorities[job.priority] ?? 'normal',
      maxAttempts: job.maxAttempts ?? undefined,
      metadata: job.metadata ?? undefined,
      webhook: webhook && { url: webhook.url, events: webhook.events as WebhookEvent[] },
      retryOf: job.id,
    }
  }

  const events = async (request: Request<{ id: string }>, response: Response): Promise<void> => {
    const job = find(request, response)
    await streamEvents(job, lastEventId(request), response, options)
  }

  const stream = async (request: Request<{ id: string }>, response: Response): Promise<void> =>
    streamAnswer(find(request, response), response, options)

  router.route('/jobs').get(list).post(submit).all(onlyFor('GET, POST'))
  router.route('/jobs/batch').post(submitBatch).all(onlyFor('POST'))
  router.route('/jobs/:id').get(read).delete(cancel).all(onlyFor('GET, DELETE'))
  router.route('/jobs/:id/cancel').post(cancel).all(onlyFor('POST'))
  router.route('/jobs/:id/retry').post(retry).all(onlyFor('POST'))
  router.route('/jobs/:id/events').head(onlyFor('GET')).get(events).all(onlyFor('GET'))
  router.route('/jobs/:id/stream').head(onlyFor('GET')).get(stream).all(onlyFor('GET'))
  router.use(deliveryRoutes({ store, now, find }))
  router.use('/jobs', () => {
    throw noRoute()
  })
  router.use(undecodable)
  return router
}

const noRoute = () => problem(404, 'not_found', 'there is no such route')

/** Express tells of a path that cannot be decoded in its own way. */
const undecodable: ErrorRequestHandler = (error, _request, _response, next) =>
  next(error instanceof URIError ? noRoute() : error)

const CURSOR_BASE = 36

const lastEventId = ({ headers, query }: Request): number => {
  const text = headers['last-event-id'] ?? query['last_event_id'] ?? '0'
  if (typeof text === 'string' && /^\d{1,15}$/.test(text)) return Number(text)
  throw problem(400, 'invalid_request', 'Last-Event-ID is not the id of an event')
}
