import { type GeneratingEndpoint, generatingEndpoints } from '@foreman/ollama-client'
import { schemaRef } from './components.ts'
import { idempotencyKey, preferRespondAsync, showWait } from './parameters.ts'
import { answer, location, preferenceApplied, replayed, targetsAnswer, targetsErrors } from './responses.ts'

const ofWhom = { description: 'The job whose answer this is', schema: schemaRef('JobId') }

const model = { type: 'string', examples: ['plain'] }

const bodyOf = ({ request, prompt, streams }: GeneratingEndpoint) =>
  request === 'form'
    ? {
        'multipart/form-data': {
          schema: {
            type: 'object',
            required: ['model', prompt],
            properties: {
              model,
              [prompt]: { type: 'string', contentMediaType: 'application/octet-stream' },
              response_format: { type: 'string', description: '`text`, or JSON' },
            },
          },
        },
      }
    : {
        'application/json': {
          schema: {
            type: 'object',
            required: ['model'],
            properties: { model, [prompt]: {}, ...(streams !== 'never' && { stream: { type: 'boolean' } }) },
          },
        },
      }

const operation = (endpoint: GeneratingEndpoint) => ({
  operationId: endpoint.path.slice(1).replaceAll(/\W(\w)/g, (_match, letter: string) => letter.toUpperCase()),
  tags: ['generating'],
  summary: `Send a request to \`${endpoint.path}\` through the queue`,
  description: 'Request, answer and errors have the form of the API that the path belongs to.',
  parameters: [
    preferRespondAsync,
    idempotencyKey,
    ...(Object.keys(endpoint.showsWait).length > 0 ? [showWait] : []),
  ],
  requestBody: {
    required: true,
    content: bodyOf(endpoint),
  },
  responses: {
    202: answer('The new job, if the request prefers `respond-async`', 'Job', {
      Location: location,
      'Preference-Applied': preferenceApplied,
    }),
    200: targetsAnswer({ 'X-Foreman-Job-Id': ofWhom, 'Idempotency-Replayed': replayed }),
    ...targetsErrors,
  },
})

/** The routes on which the target generates. */
export const generatingPaths = Object.fromEntries(
  generatingEndpoints.map(endpoint => [endpoint.path, { post: operation(endpoint) }]),
)
