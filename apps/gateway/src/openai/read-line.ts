import {
  type GeneratingEndpoint,
  jsonFieldsInSteps,
  readGenerationRequestInSteps,
  type Steps,
} from '@foreman/ollama-client'
import type { RefusedLine } from '@foreman/store'
import type { Candidate } from '../intake/admission.ts'
import { jobFactsOf } from '../intake/job-facts.ts'

const HEADERS = [['Content-Type', 'application/json']] as const
const MAX_CUSTOM_ID_CHARACTERS = 512
/** A line of at most this size is parsed as a whole. The target judges longer ones. */
const MAX_PARSED_BYTES = 64 * 1024

/** What the jobs of a batch have in common, apart from their places. */
type Common = Pick<Candidate, 'caller' | 'priority' | 'deadlineAt'>

export interface LineOptions {
  readonly endpoint: GeneratingEndpoint
  readonly common: Common
  /** Who has sent it, given the user that the request names. */
  readonly senderFor: (user: string | undefined) => Pick<Candidate, 'account' | 'sender'>
  /** The names of the lines before it. */
  readonly names: Set<string>
}

export type ReadLine = { readonly job: Candidate } | { readonly refused: RefusedLine }

/** Reads a line of a file as a job, or finds out why it cannot be one. Notes its name among `names`. */
export const readLine = function* (
  line: number,
  bytes: Buffer,
  { endpoint, common, senderFor, names }: LineOptions,
): Steps<ReadLine> {
  const fields: Partial<Record<'custom_id' | 'method' | 'url' | 'body', Buffer>> = {}
  const isObject = yield* jsonFieldsInSteps(
    bytes,
    ['custom_id', 'method', 'url', 'body'],
    (name, value) => (fields[name] = value),
  )
  const customId = textIn(fields.custom_id)
  const refuse = (errorCode: string, errorMessage: string) => ({
    refused: { line, customId: isName(customId) ? customId : undefined, errorCode, errorMessage },
  })
  if (!isObject || !isJson(bytes)) return refuse('invalid_json_line', 'the line is not a JSON object')
  if (!isName(customId))
    return refuse(
      'invalid_custom_id',
      `custom_id must be a text of 1 to ${MAX_CUSTOM_ID_CHARACTERS} characters`,
    )
  if (names.has(customId)) return refuse('duplicate_custom_id', 'another line has this custom_id')
  names.add(customId)
  if (textIn(fields.method) !== 'POST') return refuse('invalid_method', 'method must be POST')
  if (textIn(fields.url) !== endpoint.path)
    return refuse('mismatched_url', `url must be the endpoint of the batch, ${endpoint.path}`)
  if (!fields.body) return refuse('missing_body', 'body is missing')
  const body = fields.body
  const generation = yield* readGenerationRequestInSteps(body, endpoint)
  if (!generation) return refuse('invalid_request', 'body must be an object that names a model')
  if (generation.stream) return refuse('invalid_request', 'a request in a batch cannot stream')
  const { flaw, needs, user } = generation
  const job: Candidate = {
    ...jobFactsOf(endpoint.path, endpoint, generation),
    ...common,
    ...senderFor(user),
    headers: HEADERS,
    body,
    streaming: false,
    flaw,
    needs,
    line: { line, customId },
  }
  return { job }
}

const isName = (text: string | undefined): text is string =>
  text !== undefined && text !== '' && text.length <= MAX_CUSTOM_ID_CHARACTERS

const isJson = (bytes: Buffer): boolean => bytes.byteLength > MAX_PARSED_BYTES || parsed(bytes) !== undefined

/** A text. Undefined also for other JSON, and for a text that is far too long. */
const textIn = (json: Buffer | undefined): string | undefined => {
  const value = json && json.byteLength <= MAX_PARSED_BYTES ? parsed(json) : undefined
  return typeof value === 'string' ? value : undefined
}

const parsed = (bytes: Buffer): unknown => {
  try {
    return JSON.parse(bytes.toString())
  } catch {
    return undefined
  }
}
