import { jobStates, priorities, webhookEvents } from '@foreman/jobs'
import { generatingEndpoints } from '@foreman/ollama-client'
import { z } from 'zod'

/** What callers send to foreman's own routes. /openapi.json is made from these. */

const LONGEST_URL = 2_048
const LONGEST_METADATA = 16 * 1024
/** What is much deeper cannot be written as JSON any more. */
const DEEPEST_METADATA = 100
const MOST_JOBS_OF_A_PAGE = 500

const endpointPaths = generatingEndpoints.map(({ path }) => path) as [string, ...string[]]

const time = z.iso.datetime({
  offset: true,
  error: 'must be a time of RFC 3339, such as 2030-01-31T12:00:00Z',
})

const isWithin = (value: unknown, levels: number): boolean =>
  typeof value !== 'object' ||
  value === null ||
  (levels > 0 && Object.values(value).every(each => isWithin(each, levels - 1)))

export const Webhook = z.strictObject({
  url: z
    .string()
    .max(LONGEST_URL)
    .meta({
      description: 'Where to: http or https',
      format: 'uri',
      examples: ['https://receiver.example/hook'],
    }),
  events: z
    .array(z.enum(webhookEvents as [string, ...string[]]))
    .min(1)
    .optional()
    .meta({ description: 'What to tell. Default: how the job ended' }),
})

export const Submission = z
  .strictObject({
    request: z
      .record(z.string(), z.unknown())
      .meta({ description: "The body as the endpoint takes it: Ollama's, OpenAI's or Anthropic's" }),
    endpoint: z.enum(endpointPaths).optional().meta({
      description: 'Default: /api/chat for a request with messages, /api/generate for one with a prompt',
    }),
    priority: z.enum(priorities).default('normal'),
    metadata: z
      .record(z.string(), z.unknown())
      .refine(value => isWithin(value, DEEPEST_METADATA), {
        error: `must not be nested deeper than ${DEEPEST_METADATA} levels`,
        abort: true,
      })
      .refine(value => JSON.stringify(value).length <= LONGEST_METADATA, {
        error: `must not be longer than ${LONGEST_METADATA} characters`,
      })
      .optional()
      .meta({
        description: `Kept with the job and shown again: at most ${LONGEST_METADATA} characters as JSON, and ${DEEPEST_METADATA} levels`,
      }),
    webhook: Webhook.optional().meta({ description: 'Who is to be told' }),
    max_attempts: z.int().min(1).max(100).optional().meta({ description: 'Attempts that may fail' }),
    deadline: time.optional().meta({ description: 'A job that has not ended by then fails. In the future' }),
  })
  .meta({
    examples: [
      { request: { model: 'plain', messages: [{ role: 'user', content: 'Hello!' }] }, priority: 'low' },
    ],
  })

export type Submission = z.infer<typeof Submission>

export const JobQuery = z.strictObject({
  state: z.enum(jobStates).optional(),
  model: z.string().min(1).optional(),
  caller: z
    .string()
    .min(1)
    .optional()
    .meta({ description: 'Whose. Where there are several callers, only your own are shown' }),
  since: time.optional().meta({ description: 'Handed over at this time or later' }),
  limit: z.coerce.number().int().min(1).max(MOST_JOBS_OF_A_PAGE).default(50),
  cursor: z
    .string()
    .regex(/^[0-9a-z]{1,11}$/, 'must be the next_cursor of a page')
    .optional()
    .meta({ description: 'The `next_cursor` of the page before' }),
})
