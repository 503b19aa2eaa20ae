import { generatingEndpoint } from '@foreman/ollama-client'
import type { HeaderPairs, JobRecord, KeptRequest, Store } from '@foreman/store'
import type { RequestHandler } from 'express'
import type { Context } from '../context.ts'
import { isZstd } from '../http/decoded-body.ts'
import { problem } from '../http/refusal.ts'
import { sendJsonParts } from '../http/send-json-parts.ts'
import { whenAvailable } from '../http/when-available.ts'
import { aboutJob, type OfJob } from './about-job.ts'

export type StoredBodyContext = Pick<Context, 'store' | 'presenter' | 'patience'>

/** What a browser neither shows as a page nor runs as a script. */
const SAFE_TYPE =
  /^(?:application\/json|application\/x-www-form-urlencoded|multipart\/form-data|text\/plain)\s*(?:;|$)/i
const UNKNOWN_TYPE = 'application/octet-stream'

/**
 * The type of a stored body as its caller has given it. The caller may have given any: a browser must not take what it has sent for
 * a page of foreman's.
 */
export const safeTypeOf = (headers: HeaderPairs): string => {
  const type = headers.find(([name]) => name.toLowerCase() === 'content-type')?.[1].trim() ?? ''
  return SAFE_TYPE.test(type) ? type : UNKNOWN_TYPE
}

/** `GET /jobs/:id/request`: the body of the request as its caller sent it. One in parts is read as its reader takes it. */
export const readRequest = (context: StoredBodyContext): RequestHandler<OfJob> =>
  aboutJob(context, async ({ job, who, response }) => {
    const { store, presenter, patience } = context
    presenter.ensureContentIsSeen(job, who)
    const request = await whenAvailable(() => store.records.request(job.seq))
    if (!request) throw noLongerKept(job)
    const isWhole = request.parts === 0
    const bytes = isWhole
      ? request.body.byteLength
      : await whenAvailable(() => store.records.requestBytes(job.seq))
    const parts = isWhole ? [request.body] : partsOf(job, request, store)
    await sendJsonParts(response, parts, {
      status: 200,
      stallMs: patience.stallMs,
      contentType: safeTypeOf(request.headers),
      headers: {
        'Content-Length': String(bytes),
        ...encodingOf(job, request),
        'Content-Disposition': 'attachment',
        'X-Content-Type-Options': 'nosniff',
        'Cache-Control': 'no-store',
      },
    })
  })

/** The headers of the caller may say anything: only what the target decompresses is compressed. */
const encodingOf = ({ endpoint }: JobRecord, { headers }: KeptRequest): Record<string, string> => {
  const known = generatingEndpoint(endpoint)
  return known && isZstd(headers, known) ? { 'Content-Encoding': 'zstd' } : {}
}

const partsOf = async function* (
  job: JobRecord,
  { parts }: KeptRequest,
  { records }: Pick<Store, 'records'>,
): AsyncGenerator<Uint8Array, void> {
  for (let n = 0; n < parts; n++) {
    const part = await whenAvailable(() => records.requestPart(job.seq, n))
    if (!part) throw noLongerKept(job)
    yield part
  }
}

const noLongerKept = ({ id }: JobRecord) =>
  problem(410, 'job_expired', `the request of job ${id} is no longer kept`)
