import { generatingEndpoints } from '@foreman/ollama-client'
import { schemaRef } from './components.ts'
import { idempotencyKey, preferRespondAsync } from './parameters.ts'
import { answer, location, preferenceApplied, replayed, targetsAnswer, targetsErrors } from './responses.ts'

const ofWhom = { description: 'The job whose answer this is', schema: schemaRef('JobId') }

const operation = (path: string, prompt: string) => ({
  operationId: path.slice(1).replaceAll(/\W(\w)/g, (_match, letter: string) => letter.toUpperCase()),
  tags: ['generating'],
  summary: `Send a request to \`${path}\` through the queue`,
  description: 'Request, answer and errors have the form of the API that the path belongs to.',
  parameters: [preferRespondAsync, idempotencyKey],
  requestBody: {
    required: true,
    content: {
      'application/json': {
        schema: {
          type: 'object',
          required: ['model'],
          properties: {
            model: { type: 'string', examples: ['plain'] },
            [prompt]: {},
            stream: { type: 'boolean' },
          },
        },
      },
    },
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
  generatingEndpoints.map(({ path, prompt }) => [path, { post: operation(path, prompt) }]),
)
