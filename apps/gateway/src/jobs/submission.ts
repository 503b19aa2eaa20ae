import { endEvents, type WebhookEvent } from '@foreman/jobs'
import {
  generatingEndpoint,
  type GeneratingEndpoint,
  jsonFields,
  readGenerationRequest,
} from '@foreman/ollama-client'
import { problem } from '../http/refusal.ts'
import { validate } from '../http/validate.ts'
import type { JobDraft } from '../intake/intake.ts'
import { jobFactsOf } from '../intake/job-facts.ts'
import { Submission } from './schemas.ts'

const headers = [['Content-Type', 'application/json']] as const

/**
 * Reads a submission, without asking anybody.
 * @param bytes JSON
 * @param by.deadlinesAfter a deadline must be later; in ms since the epoch
 * @throws Refusal with 400 for what is no JSON, with 422 for what is no submission
 */
export const readSubmission = (
  bytes: Buffer,
  { caller, deadlinesAfter }: { readonly caller: string; readonly deadlinesAfter: number },
): JobDraft => {
  const submission = validate(Submission, parse(bytes))
  const endpoint = endpointOf(submission)
  const body = rawRequest(bytes)
  const generation = readGenerationRequest(body, endpoint)
  if (!generation) throw invalid('/request/model', 'must name a model')
  const deadlineAt = submission.deadline === undefined ? undefined : Date.parse(submission.deadline)
  if (deadlineAt !== undefined && deadlineAt <= deadlinesAfter)
    throw invalid('/deadline', 'must be in the future')
  const { webhook } = submission
  return {
    ...jobFactsOf(endpoint.path, endpoint, generation),
    headers,
    body,
    // Nobody gets its bytes but who asks for them: an attempt that breaks off can be repeated.
    streaming: false,
    caller,
    priority: submission.priority,
    maxAttempts: submission.max_attempts,
    deadlineAt,
    metadata: submission.metadata,
    webhook: webhook && {
      url: webhook.url,
      events: (webhook.events as WebhookEvent[] | undefined) ?? endEvents,
    },
  }
}

const parse = (bytes: Buffer): unknown => {
  try {
    return JSON.parse(bytes.toString())
  } catch (error) {
    throw problem(400, 'invalid_request', `not JSON: ${(error as Error).message}`)
  }
}

const endpointOf = ({ endpoint, request }: Submission): GeneratingEndpoint => {
  const path = endpoint ?? ('messages' in request ? '/api/chat' : 'prompt' in request ? '/api/generate' : '')
  const found = generatingEndpoint(path)
  if (!found) throw invalid('/endpoint', 'must be given for a request that has neither messages nor prompt')
  return found
}

/** As it came: parsed and written again, a number might be another. */
const rawRequest = (bytes: Buffer): Buffer => {
  let request: Buffer = Buffer.alloc(0)
  jsonFields(bytes, ['request'], (_name, value) => (request = value))
  return request
}

const invalid = (pointer: string, message: string) =>
  problem(422, 'invalid_request', `${pointer}: ${message}`, { errors: [{ pointer, message }] })
