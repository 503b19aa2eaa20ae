import { randomBytes } from 'node:crypto'
import type { Exchange } from './exchange.ts'
import { goJson } from './go/encode.ts'
import { JSON_UTF8, PLAIN_JSON } from './reply.ts'

/** Whose wire a route speaks. */
export type Dialect = 'native' | 'openai' | 'anthropic'

const OPENAI_TYPES = new Map([
  [400, 'invalid_request_error'],
  [404, 'not_found_error'],
])

const ANTHROPIC_TYPES = new Map([
  ...OPENAI_TYPES,
  [401, 'authentication_error'],
  [403, 'permission_error'],
  [429, 'rate_limit_error'],
  [503, 'overloaded_error'],
])

/** An error in the words of the dialect. */
const errorObject = (dialect: Dialect, status: number, message: string): object => {
  if (dialect === 'openai') {
    return { error: { message, type: OPENAI_TYPES.get(status) ?? 'api_error', param: null, code: null } }
  }
  if (dialect === 'anthropic') {
    const type = ANTHROPIC_TYPES.get(status) ?? 'api_error'
    return { type: 'error', error: { type, message }, request_id: `req_${randomBytes(12).toString('hex')}` }
  }
  return { error: message }
}

/** Answers with an error before anything else was sent. */
export const sendError = (
  { reply, stage }: Exchange,
  dialect: Dialect,
  status: number,
  message: string,
): void => {
  const body = goJson(errorObject(dialect, status, message))
  // What translates a foreign dialect sees a request first; from the handler on it writes the answer line by line.
  const tail = dialect === 'native' || stage === 'request' ? '' : '\n'
  if (stage === 'stream') {
    reply.chunk(body + tail, PLAIN_JSON, status)
    reply.end()
  } else reply.body(status, tail === '' ? JSON_UTF8 : PLAIN_JSON, body + tail)
}
