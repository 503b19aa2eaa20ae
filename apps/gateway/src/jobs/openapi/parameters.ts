import { type JsonSchema, schemaRef } from './components.ts'

/** The parameters of a query, by their schemas. */
export const parametersOf = (properties: Readonly<Record<string, JsonSchema>>) =>
  Object.entries(properties).map(([name, { description, ...schema }]) => ({
    name,
    in: 'query',
    ...(description !== undefined && { description }),
    schema,
  }))

/** `meta.NAME=VALUE`, as often as one likes. */
export const metadataIs = {
  name: 'meta',
  in: 'query',
  style: 'form',
  explode: true,
  description:
    '`meta.NAME=VALUE`: jobs whose metadata has this value under this name at its top level, as text, or as the number, `true`, `false` or `null` that the text stands for. At most 8 of them, for those who may see content',
  schema: {
    type: 'object',
    propertyNames: { pattern: '^meta\\..' },
    additionalProperties: { type: 'string' },
  },
}

export const jobId = { name: 'id', in: 'path', required: true, schema: schemaRef('JobId') }

export const batchId = { name: 'batch', in: 'path', required: true, schema: schemaRef('BatchId') }

export const deliveryId = { name: 'delivery', in: 'path', required: true, schema: schemaRef('DeliveryId') }

export const operationId = {
  name: 'operation',
  in: 'path',
  required: true,
  schema: schemaRef('OperationId'),
}

const header = (name: string, description: string, schema: object) => ({
  name,
  in: 'header',
  description,
  schema: { type: 'string', ...schema },
})

export const idempotencyKey = header(
  'Idempotency-Key',
  '1 to 255 printable characters, in quotes or without. A request that comes again with the same key gets the job of the first',
  { minLength: 1, maxLength: 255, pattern: '^[!-~]([ -~]*[!-~])?$', not: { const: '""' } },
)

export const preferWait = header(
  'Prefer',
  '`wait=N` waits for the end of the job, for N seconds and at most 55',
  { examples: ['wait=30'] },
)

export const preferRespondAsync = header(
  'Prefer',
  '`respond-async` makes the request a background job, and foreman answers with that job at once',
  { examples: ['respond-async'] },
)

export const showWait = header(
  'X-Foreman-Show-Wait',
  'Where a stream shows, before the answer, how long the job waits: in status events of Open WebUI, or as thinking',
  { enum: ['status', 'thinking', 'off'] },
)

/** Empty means none. */
const eventId = { pattern: '^[0-9]{0,15}$' }

export const lastEventId = [
  header('Last-Event-ID', 'The id of the last event that you have. Only later events are sent', eventId),
  {
    name: 'last_event_id',
    in: 'query',
    description: 'The same, for clients that cannot set a header',
    schema: { type: 'string', ...eventId },
  },
]
