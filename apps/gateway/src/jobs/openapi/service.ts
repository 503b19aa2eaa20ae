import { answer } from './responses.ts'

const common = { tags: ['service'], security: [] }

const unreadable = { '4XX': { description: 'Not HTTP, or too many bytes of headers. No body' } }

export const servicePaths = {
  '/healthz': {
    get: {
      ...common,
      operationId: 'health',
      summary: 'Whether the gateway answers',
      description: 'Says as well what is degraded, and why.',
      responses: { 200: answer('It does', 'Health'), ...unreadable },
    },
  },
  '/readyz': {
    get: {
      ...common,
      operationId: 'readiness',
      summary: 'Whether jobs are accepted',
      responses: {
        200: answer('They are', 'Readiness'),
        503: answer('They are not', 'Readiness'),
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
