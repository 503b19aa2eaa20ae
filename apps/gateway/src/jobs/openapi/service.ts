import { answer } from './responses.ts'

const common = { tags: ['service'], security: [] }

const unreadable = {
  '4XX': { description: 'The request is not HTTP, or its headers are too large. The answer has no body' },
}

export const servicePaths = {
  '/healthz': {
    get: {
      ...common,
      operationId: 'health',
      summary: 'Whether the gateway works',
      description:
        'Answers 200 as long as the gateway runs, and names every reason why something does not work.',
      responses: { 200: answer('The gateway runs', 'Health'), ...unreadable },
    },
  },
  '/readyz': {
    get: {
      ...common,
      operationId: 'readiness',
      summary: 'Whether jobs are accepted',
      responses: {
        200: answer('Jobs are accepted', 'Readiness'),
        503: answer('Jobs are not accepted, for these reasons', 'Readiness'),
        ...unreadable,
      },
    },
  },
  '/openapi.json': {
    get: {
      ...common,
      operationId: 'document',
      summary: 'This document',
      responses: {
        200: { description: 'OpenAPI 3.1', content: { 'application/json': { schema: { type: 'object' } } } },
        ...unreadable,
      },
    },
  },
}
