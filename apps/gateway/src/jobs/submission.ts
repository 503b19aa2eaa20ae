import { endEvents, type Priority } from '@foreman/jobs'
import {
  generatingEndpoint,
  type GeneratingEndpoint,
  type GenerationRequest,
  jsonFieldsInSteps,
  readGenerationRequestInSteps,
  type Steps,
} from '@foreman/ollama-client'
import type { Sender } from '@foreman/store'
import { parseJson } from '../http/json-body.ts'
import { problem } from '../http/refusal.ts'
import { invalid, validate } from '../http/validate.ts'
import type { Candidate } from '../intake/admission.ts'
import type { JobDraft } from '../intake/job-draft.ts'
import { jobFactsOf } from '../intake/job-facts.ts'
import { deadlineIn, priorityFor } from './job-values.ts'
import { MAX_METADATA_CHARACTERS, Submission } from './schemas.ts'

const HEADERS = [['Content-Type', 'application/json']] as const
/** A submission of at most this size is parsed as a whole. The fields beside `request` may have this size together. */
const MAX_PARSED_BYTES = 64 * 1024

export interface SubmissionOptions {
  readonly caller: string
  /** The priority of the caller's token. Undefined: it has none of its own. */
  readonly tokenPriority?: Priority | undefined
  /** Who has sent it, given the user that the request names. */
  readonly senderFor: (user: string | undefined) => Sender
  /** A deadline must be later than this, in ms since the epoch. */
  readonly deadlinesAfter: number
}

/**
 * Reads a submission. Nobody is asked about its model or its webhook.
 *
 * @param bytes JSON
 * @throws Refusal with 400 for bytes that are not JSON
 * @throws Refusal with 422 for JSON that is not a submission
 */
export const readSubmission = function* (
  bytes: Buffer,
  { caller, tokenPriority, senderFor, deadlinesAfter }: SubmissionOptions,
): Steps<Candidate> {
  const { body, metadata } = yield* rawFields(bytes)
  const submission = validate(Submission, yield* parseSubmission(bytes, body))
  const endpoint = endpointOf(submission)
  const generation = yield* readGenerationRequestInSteps(body, endpoint)
  if (!generation) throw invalid('/request/model', 'must name a model')
  const { deadline } = submission
  const deadlineAt = deadline === undefined ? undefined : deadlineIn(deadline, deadlinesAfter)
  if (metadata !== undefined && metadata.length > MAX_METADATA_CHARACTERS)
    throw invalid('/metadata', `must not be longer than ${MAX_METADATA_CHARACTERS} characters`)
  const priority = priorityFor(submission.priority, tokenPriority)
  const { webhook } = submission
  const { flaw, needs } = generation
  return {
    ...backgroundJob({ path: endpoint.path, endpoint, generation, headers: HEADERS, body }),
    flaw,
    needs,
    caller,
    ...senderFor(generation.user),
    priority,
    maxAttempts: submission.max_attempts,
    deadlineAt,
    metadata,
    webhook: webhook && { url: webhook.url, events: webhook.events ?? endEvents },
  }
}

interface BackgroundRequest extends Pick<JobDraft, 'path' | 'headers' | 'body'> {
  readonly endpoint: GeneratingEndpoint
  readonly generation: GenerationRequest
}

/**
 * The part of a background job that comes from its request. No caller waits for its bytes, so an attempt that breaks off
 * can be repeated, even if the answer is a stream.
 */
const backgroundJob = ({ path, endpoint, generation, headers, body }: BackgroundRequest) => ({
  ...jobFactsOf(path, endpoint, generation),
  headers,
  body,
  streaming: false,
})

/**
 * A submission with its request, or, if it is large, with the names of the request's fields only. A request of many
 * megabytes is not parsed: that takes seconds, in which nobody else is served. The target will judge it.
 */
const parseSubmission = function* (bytes: Buffer, request: Buffer): Steps<unknown> {
  if (bytes.byteLength <= MAX_PARSED_BYTES) return parseJson(bytes)
  const at = request.byteOffset - bytes.byteOffset
  const envelope = Buffer.concat([
    bytes.subarray(0, at),
    Buffer.from(JSON.stringify(yield* fieldNamesIn(request))),
    bytes.subarray(at + request.byteLength),
  ])
  if (request.byteLength === 0 || envelope.byteLength > MAX_PARSED_BYTES)
    throw problem(422, 'invalid_request', `more than ${MAX_PARSED_BYTES} bytes beside the request`)
  return parseJson(envelope)
}

/** Those fields of a request that tell its endpoint; null for what is no object. */
const fieldNamesIn = function* (request: Buffer): Steps<Record<string, true> | null> {
  const found: Record<string, true> = {}
  const isObject = yield* jsonFieldsInSteps(request, ['messages', 'prompt'], name => (found[name] = true))
  return isObject ? found : null
}

const endpointOf = ({ endpoint, request }: Submission): GeneratingEndpoint => {
  const path = endpoint ?? ('messages' in request ? '/api/chat' : 'prompt' in request ? '/api/generate' : '')
  const found = generatingEndpoint(path)
  if (!found) throw invalid('/endpoint', 'must be given for a request that has neither messages nor prompt')
  return found
}

/** The request and the metadata as they came. Parsed and written again, a number could change. */
const rawFields = function* (bytes: Buffer): Steps<{ body: Buffer; metadata?: string }> {
  const found: { request?: Buffer; metadata?: Buffer } = {}
  yield* jsonFieldsInSteps(bytes, ['request', 'metadata'], (name, value) => (found[name] = value))
  const { request: body = Buffer.alloc(0), metadata } = found
  return metadata ? { body, metadata: metadata.toString() } : { body }
}
