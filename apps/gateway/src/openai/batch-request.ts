import { generatingEndpoint, type GeneratingEndpoint, routeAt } from '@foreman/ollama-client'
import { parseDuration } from '@foreman/process'
import { Refusal } from '../http/refusal.ts'

const HOUR_MS = 3_600_000
const MAX_WINDOW_MS = 30 * 24 * HOUR_MS
/** As OpenAI has them. */
const MAX_PAIRS = 16
const MAX_KEY_CHARACTERS = 64
const MAX_VALUE_CHARACTERS = 512

/** What a request for a batch asks for. */
export interface BatchRequest {
  readonly inputFileId: string
  readonly endpoint: GeneratingEndpoint
  readonly completionWindow: string
  /** How long its jobs have. */
  readonly windowMs: number
  /** The JSON of an object of texts. */
  readonly metadata: string | undefined
}

/**
 * Reads the body of `POST /v1/batches`. Members that foreman does not know are passed over, as OpenAI's programs send new ones
 * from time to time.
 *
 * @throws Refusal with 400
 */
export const readBatchRequest = (body: Buffer): BatchRequest => {
  const asked = objectIn(body)
  const { input_file_id: inputFileId, completion_window: completionWindow } = asked
  if (typeof inputFileId !== 'string') throw wrong('input_file_id must be the id of a file')
  const windowMs = typeof completionWindow === 'string' ? parseDuration(completionWindow) : undefined
  if (windowMs === undefined || windowMs < 1_000 || windowMs > MAX_WINDOW_MS)
    throw wrong(`completion_window must be 24h, or another duration of at most ${MAX_WINDOW_MS / HOUR_MS}h`)
  return {
    inputFileId,
    endpoint: endpointIn(asked['endpoint']),
    completionWindow: completionWindow as string,
    windowMs,
    metadata: metadataIn(asked['metadata']),
  }
}

const wrong = (message: string): Refusal => new Refusal(400, message)

const objectIn = (body: Buffer): Record<string, unknown> => {
  const value = parsed(body)
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw wrong('the body must be a JSON object')
  return value as Record<string, unknown>
}

const parsed = (body: Buffer): unknown => {
  try {
    return JSON.parse(body.toString())
  } catch (error) {
    throw new Refusal(400, `the body is not JSON: ${(error as Error).message}`, { cause: error })
  }
}

const endpointIn = (path: unknown): GeneratingEndpoint => {
  if (typeof path !== 'string') throw wrong('endpoint must be a path such as /v1/chat/completions')
  if (routeAt(path)?.kind === 'embedding')
    throw wrong(`${path} cannot be in a batch here: such requests are not queued, so send each by itself`)
  const endpoint = generatingEndpoint(path)
  if (endpoint?.dialect.name !== 'openai' || endpoint.request !== 'json')
    throw wrong(`endpoint ${path} cannot be in a batch`)
  return endpoint
}

const metadataIn = (metadata: unknown): string | undefined => {
  if (metadata === undefined || metadata === null) return undefined
  const pairs = typeof metadata === 'object' ? Object.entries(metadata) : undefined
  const isRight =
    !Array.isArray(metadata) &&
    pairs &&
    pairs.length <= MAX_PAIRS &&
    pairs.every(
      ([key, value]) =>
        key.length <= MAX_KEY_CHARACTERS && typeof value === 'string' && value.length <= MAX_VALUE_CHARACTERS,
    )
  if (!isRight)
    throw wrong(
      `metadata must be an object of at most ${MAX_PAIRS} texts, with keys of ${MAX_KEY_CHARACTERS} and values of ${MAX_VALUE_CHARACTERS} characters at the most`,
    )
  return JSON.stringify(metadata)
}
