import { rawHeaderLines } from '@foreman/ollama-client'
import type { IncomingMessage } from 'node:http'
import type { z } from 'zod'
import type { BodyMemory } from './body-memory.ts'
import { isEncoded } from './decoded-body.ts'
import { withBody } from './read-body.ts'
import { problem } from './refusal.ts'
import { validate } from './validate.ts'

/** Of a request that says what to do, and brings no work. */
export const MAX_ORDER_BYTES = 16 * 1024

/**
 * Reads a short body as JSON of this form.
 *
 * @throws Refusal with 400 for what is not JSON, 413 for what is too long, 415 for what is compressed, 422 for another form
 */
export const readOrder = async <Schema extends z.ZodType>(
  request: IncomingMessage,
  schema: Schema,
  memory: BodyMemory,
): Promise<z.output<Schema>> => {
  ensureNotEncoded(request)
  const limits = { maxBytes: MAX_ORDER_BYTES, memory }
  return withBody(request, limits, async body => validate(schema, parseJson(body)))
}

/** @throws Refusal with 400 */
export const parseJson = (bytes: Buffer): unknown => {
  try {
    return JSON.parse(bytes.toString())
  } catch (error) {
    throw problem(400, 'invalid_request', `not JSON: ${(error as Error).message}`)
  }
}

/** @throws Refusal with 415 */
export const ensureNotEncoded = ({ rawHeaders }: Pick<IncomingMessage, 'rawHeaders'>): void => {
  if (isEncoded(rawHeaderLines(rawHeaders)))
    throw problem(415, 'unsupported_media_type', 'a body with a Content-Encoding is not read here')
}
