import { schemaRef } from './components.ts'

export const jobId = { name: 'id', in: 'path', required: true, schema: schemaRef('JobId') }

export const deliveryId = { name: 'delivery', in: 'path', required: true, schema: schemaRef('DeliveryId') }

const header = (name: string, description: string, schema: object) => ({
  name,
  in: 'header',
  description,
  schema: { type: 'string', ...schema },
})

export const idempotencyKey = header(
  'Idempotency-Key',
  'Printable characters, quoted or bare. The same request with the same key is the same job',
  { minLength: 1, maxLength: 255, pattern: '^[!-~]([ -~]*[!-~])?$', not: { const: '""' } },
)

export const preferWait = header(
  'Prefer',
  '`wait=N`: wait for the end of the job, at most N seconds and never more than 60',
  { examples: ['wait=30'] },
)

export const preferRespondAsync = header(
  'Prefer',
  '`respond-async`: answer with the job, do not wait for it',
  { examples: ['respond-async'] },
)

const eventId = { pattern: '^[0-9]{1,15}$' }

export const lastEventId = [
  header('Last-Event-ID', 'The last event that you have: what follows it is sent', eventId),
  {
    name: 'last_event_id',
    in: 'query',
    description: 'The same, for those who cannot set a header',
    schema: { type: 'string', ...eventId },
  },
]
