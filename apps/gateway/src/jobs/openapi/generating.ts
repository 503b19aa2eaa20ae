import { generatingEndpoints } from '@foreman/ollama-client'
import { schemaRef } from './components.ts'
import { idempotencyKey, preferRespondAsync } from './parameters.ts'
import { answer, location, preferenceApplied, replayed, targetsAnswer, targetsErrors } from './responses.ts'

const ofWhom = { description: 'The job that it is the answer of', schema: schemaRef('JobId') }

const operation = (path: string, prompt: string) => ({
  operationId: path.slice(1).replaceAll(/\W(\w)/g, (_match, letter: string) => letter.toUpperCase()),
  tags: ['generating'],
  summary: `A request for \`${path}\`, queued`,
  description: 'Request, answer and errors are those of the API that the path belongs to.',
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
    202: answer('With `respond-async`: the job', 'Job', {
      Location: location,
      'Preference-Applied': preferenceApplied,
    }),
    200: targetsAnswer({ 'X-Foreman-Job-Id': ofWhom, 'Idempotency-Replayed': replayed }),
    ...targetsErrors,
  },
})

/** The six routes on which the target generates. */
export const generatingPaths = Object.fromEntries(
  generatingEndpoints.map(({ path, prompt }) => [path, { post: operation(path, prompt) }]),
)
