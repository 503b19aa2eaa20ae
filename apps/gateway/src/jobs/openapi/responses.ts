import { type SchemaName, schemaRef } from './components.ts'

/** Parts of responses, and responses that several routes have. */

export const location = {
  description: 'The path of the job',
  required: true,
  schema: { type: 'string', format: 'uri-reference' },
}

export const replayed = {
  description: 'The request was replayed: it came before with the same key',
  schema: { const: 'true' },
}

export const preferenceApplied = {
  description: 'The preference that foreman followed',
  schema: { type: 'string' },
}

export const answer = (description: string, schema: SchemaName, headers?: object) => ({
  description,
  ...(headers && { headers }),
  content: { 'application/json': { schema: schemaRef(schema) } },
})

const retryAfter = {
  'Retry-After': {
    description: 'After how many seconds to try again, if that may help',
    schema: { type: 'integer', minimum: 1 },
  },
}

const headersOf: Readonly<Record<string, object>> = {
  401: { 'WWW-Authenticate': { description: 'How to send the token', schema: { const: 'Bearer' } } },
  409: retryAfter,
  503: retryAfter,
}

interface Refused {
  readonly description: string
  readonly headers?: object
  readonly content?: object
}

const problemResponse = (status: string, description: string): Refused => ({
  description,
  ...(headersOf[status] && { headers: headersOf[status] }),
  content: { 'application/problem+json': { schema: schemaRef('Problem') } },
})

/** Refusals of every route that needs a token. */
const everywhere = {
  401: '`unauthorized`: the token is missing or wrong',
  403: '`forbidden`: a viewer only reads; or the origin of the web page, or the `Host`, is not allowed',
  503: '`unavailable`: foreman stops, or sends too many long results',
}

/** @param descriptions of the route's own refusals, by status */
export const problems = (descriptions: Readonly<Record<number, string>>): Record<string, Refused> =>
  Object.fromEntries(
    Object.entries({ ...everywhere, ...descriptions }).map(([status, text]) => [
      status,
      problemResponse(status, text),
    ]),
  )

/** Refusals of the routes below `/jobs/{id}`. */
export const ofJob = {
  400: '`invalid_request`: the id has a slash, a backslash or only dots',
  404: '`job_not_found`',
  410: '`job_expired`: the job has been deleted',
}

/** Refusals because nothing can be written now. */
export const notTaken = {
  503: '`closed`, `queue_full`, `queue_busy`, `queue_not_writable`, `too_many_bytes`, `unavailable`',
  507: '`no_room`: the disk is nearly full, or the queue has reached its largest size',
}

/** Refusals of a body that was not read to its end. */
export const takenBody = {
  408: '`request_timeout`: the body did not arrive within five minutes',
  413: '`body_too_large`',
}

/** The refusal of a request whose key belongs to a request that is not complete yet. */
export const keyInUse = {
  409: '`idempotency_key_in_use`: the first request with this key is still being written to the queue',
}

/** @param headers the headers that foreman adds */
export const targetsAnswer = (headers?: object) => ({
  description: 'The answer of the target, in the form of the API',
  ...(headers && { headers }),
  content: {
    'application/json': { schema: { type: 'object' } },
    'application/x-ndjson': {},
    'text/event-stream': {},
    'text/plain': {},
  },
})

const anything = { '*/*': {} }

export const targetsErrors = {
  '4XX': { description: 'An error in the form of the API', content: anything },
  '5XX': { description: 'An error in the form of the API', content: anything },
}

/** Refusals on a route that also relays the target's own errors. */
export const orTargets = (refusals: Readonly<Record<string, Refused>>) =>
  Object.fromEntries(
    Object.entries(refusals).map(([status, response]) => [
      status,
      { ...response, content: { ...response.content, ...anything } },
    ]),
  )
