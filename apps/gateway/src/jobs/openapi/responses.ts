import { type SchemaName, schemaRef } from './components.ts'

/** The parts of responses, and what several routes answer. */

export const location = {
  description: 'Where the job is',
  required: true,
  schema: { type: 'string', format: 'uri-reference' },
}

export const replayed = {
  description: 'The same request came with the same key before',
  schema: { const: 'true' },
}

export const preferenceApplied = {
  description: 'Which of the preferences was heeded',
  schema: { type: 'string' },
}

export const answer = (description: string, schema: SchemaName, headers?: object) => ({
  description,
  ...(headers && { headers }),
  content: { 'application/json': { schema: schemaRef(schema) } },
})

const headersOf: Readonly<Record<string, object>> = {
  401: { 'WWW-Authenticate': { description: 'How to say who calls', schema: { const: 'Bearer' } } },
  503: {
    'Retry-After': { description: 'Seconds until it may be better', schema: { type: 'integer', minimum: 1 } },
  },
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

/** From every route that asks who calls. */
const everywhere = {
  401: '`unauthorized`: no token, or a wrong one',
  503: '`unavailable`: foreman is being stopped',
}

const forbidden: Refused = {
  description: 'A web page whose origin may not call, or a `Host` that cannot be meant. No body',
}

/** @param descriptions by status, of what can come besides */
export const problems = (descriptions: Readonly<Record<number, string>>): Record<string, Refused> => ({
  ...Object.fromEntries(
    Object.entries({ ...everywhere, ...descriptions }).map(([status, text]) => [
      status,
      problemResponse(status, text),
    ]),
  ),
  403: forbidden,
})

export const ofJob = { 404: '`job_not_found`', 410: '`job_expired`: its time was up' }

/** Why a write may have to wait. */
export const notTaken = {
  503: '`queue_full`, `queue_busy`, `unavailable`',
  507: '`no_room`: the disk is nearly full, or the queue has reached its size',
}

/** What can be wrong with a body before it is looked into. */
export const takenBody = {
  408: '`request_timeout`: the body did not arrive in five minutes',
  413: '`body_too_large`',
}

/** @param headers that foreman adds */
export const targetsAnswer = (headers?: object) => ({
  description: 'The answer of the target, in the form of its API',
  ...(headers && { headers }),
  content: {
    'application/json': { schema: { type: 'object' } },
    'application/x-ndjson': {},
    'text/event-stream': {},
  },
})

const anything = { '*/*': {} }

export const targetsErrors = {
  '4XX': { description: 'An error in the form of the API', content: anything },
  '5XX': { description: 'An error in the form of the API', content: anything },
}

/** Where an error can be foreman's or the target's. */
export const orTargets = (refusals: Readonly<Record<string, Refused>>) =>
  Object.fromEntries(
    Object.entries(refusals).map(([status, response]) => [
      status,
      { ...response, content: { ...response.content, ...anything } },
    ]),
  )
