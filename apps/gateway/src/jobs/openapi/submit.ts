import { MAX_JOBS_OF_A_BATCH } from '../batch.ts'
import { schemaRef } from './components.ts'
import { idempotencyKey } from './parameters.ts'
import { answer, keyInUse, location, notTaken, problems, replayed, takenBody } from './responses.ts'

const tags = ['jobs']

export const submitJob = {
  operationId: 'submitJob',
  tags,
  summary: 'Submit a job',
  description: 'The request becomes a background job. You need not wait for its answer.',
  parameters: [idempotencyKey],
  requestBody: {
    description: 'The request, and how foreman treats it',
    required: true,
    content: { 'application/json': { schema: schemaRef('Submission') } },
  },
  responses: {
    202: answer('The new job', 'Job', { Location: location }),
    200: answer('The job of an earlier request with the same key and body', 'Job', {
      Location: location,
      'Idempotency-Replayed': replayed,
    }),
    ...problems({
      ...takenBody,
      400: '`invalid_request`: the body is not JSON, or the key is not valid; `target_refuses`',
      404: '`model_not_found`, `target_refuses`',
      ...keyInUse,
      415: '`unsupported_media_type`: the body has a `Content-Encoding`',
      422: '`invalid_request`, `idempotency_key_reused`, `webhook_refused`, `target_refuses`',
      ...notTaken,
    }),
  },
}

const jsonLines = {
  schema: {
    type: 'string',
    description: 'One submission on each line. Blank lines are skipped',
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
  summary: 'Submit many jobs',
  description: 'foreman accepts all jobs of a batch, or none.',
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
    200: answer('The jobs of an earlier batch with the same key and body', 'BatchAccepted', {
      'Idempotency-Replayed': replayed,
    }),
    ...problems({
      ...takenBody,
      400: '`invalid_request`: the body is not JSON, or the key is not valid; `target_refuses`',
      404: '`model_not_found`, `target_refuses`',
      ...keyInUse,
      413: '`body_too_large`, `too_many_jobs`',
      415: '`unsupported_media_type`',
      422: '`invalid_request`, `idempotency_key_reused`, `webhook_refused`, `target_refuses`; `index` and `line` say where',
      ...notTaken,
    }),
  },
}
