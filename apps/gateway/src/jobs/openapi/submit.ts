import { MAX_JOBS_OF_A_BATCH } from '../batch.ts'
import { schemaRef } from './components.ts'
import { idempotencyKey } from './parameters.ts'
import { answer, location, notTaken, problems, replayed, takenBody } from './responses.ts'

const tags = ['jobs']

export const submitJob = {
  operationId: 'submitJob',
  tags,
  summary: 'Hand a request over',
  description: 'From here on it is a job, and nobody has to wait for it.',
  parameters: [idempotencyKey],
  requestBody: {
    description: 'The request, and how it is to be treated',
    required: true,
    content: { 'application/json': { schema: schemaRef('Submission') } },
  },
  responses: {
    202: answer('The new job', 'Job', { Location: location }),
    200: answer('The job of the same request, which came with the same key before', 'Job', {
      Location: location,
      'Idempotency-Replayed': replayed,
    }),
    ...problems({
      ...takenBody,
      400: '`invalid_request`: not JSON, or a key that is none',
      404: '`model_not_found`',
      422: '`invalid_request`, `idempotency_key_reused`, `webhook_refused`',
      ...notTaken,
    }),
  },
}

const jsonLines = {
  schema: {
    type: 'string',
    description: 'A submission a line; blank lines are skipped',
    contentMediaType: 'application/json',
    contentSchema: schemaRef('Submission'),
  },
  examples: {
    two: {
      summary: 'Two jobs',
      value: ['One', 'Two']
        .map(prompt => `${JSON.stringify({ request: { model: 'plain', prompt } })}\n`)
        .join(''),
    },
  },
}

export const submitBatch = {
  operationId: 'submitBatch',
  tags,
  summary: 'Hand many requests over',
  description: 'All of them become jobs, or none does.',
  parameters: [idempotencyKey],
  requestBody: {
    description: `At most ${MAX_JOBS_OF_A_BATCH} submissions`,
    required: true,
    content: {
      'application/x-ndjson': jsonLines,
      'application/jsonl': jsonLines,
      'application/json': {
        schema: {
          type: 'array',
          minItems: 1,
          maxItems: MAX_JOBS_OF_A_BATCH,
          items: schemaRef('Submission'),
        },
      },
    },
  },
  responses: {
    202: answer('The new jobs', 'BatchAccepted'),
    200: answer('The jobs of the same batch, which came with the same key before', 'BatchAccepted', {
      'Idempotency-Replayed': replayed,
    }),
    ...problems({
      ...takenBody,
      400: '`invalid_request`: not JSON, or a key that is none',
      404: '`model_not_found`',
      413: '`body_too_large`, `too_many_jobs`',
      415: '`unsupported_media_type`',
      422: '`invalid_request`, `idempotency_key_reused`, `webhook_refused`; `index` and `line` say where',
      ...notTaken,
    }),
  },
}
