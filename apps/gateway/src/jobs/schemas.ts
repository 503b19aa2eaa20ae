import { deliveryStates, endStates, type JobState, jobStates, priorities, webhookEvents } from '@foreman/jobs'
import { type GeneratingEndpoint, generatingEndpoints } from '@foreman/ollama-client'
import { z } from 'zod'
import { reason, time } from '../http/fields.ts'

const jobActions = ['cancel', 'retry', 'priority'] as const
type JobActionName = (typeof jobActions)[number]

/** The requests of foreman's own routes. /openapi.json is made from these schemas. */

const MAX_URL_CHARACTERS = 2_048
/** Of the JSON as the caller wrote it. `readSubmission` checks it. */
export const MAX_METADATA_CHARACTERS = 16 * 1024
/** JSON that is nested much deeper overflows the stack of some programs that read it. */
const MAX_METADATA_LEVELS = 100
const MAX_PAGE_ROWS = 500

const pathsOf = (request: GeneratingEndpoint['request']): string[] =>
  generatingEndpoints.filter(endpoint => endpoint.request === request).map(({ path }) => path)

const jsonPaths = pathsOf('json')
const formPaths = pathsOf('form')

/** @returns undefined for the usual message, which lists the endpoints */
const refusalOfEndpoint = ({ input }: { readonly input?: unknown }): string | undefined =>
  formPaths.some(path => path === input)
    ? `takes a form, not JSON: send the form to ${String(input)} with Prefer: respond-async`
    : undefined

const isWithin = (value: unknown, levels: number): boolean =>
  typeof value !== 'object' ||
  value === null ||
  (levels > 0 && Object.values(value).every(each => isWithin(each, levels - 1)))

export const Webhook = z.strictObject({
  url: z
    .string()
    .max(MAX_URL_CHARACTERS)
    .meta({
      description: 'The URL that the webhooks go to, http or https',
      format: 'uri',
      examples: ['https://receiver.example/hook'],
    }),
  events: z
    .array(z.enum(webhookEvents))
    .min(1)
    .max(webhookEvents.length)
    .optional()
    .meta({ description: 'The events that are sent. Default: how the job ended' }),
})

export const Submission = z
  .strictObject({
    request: z.record(z.string(), z.unknown()).meta({
      description: "The body of a request to the endpoint, in Ollama's, OpenAI's or Anthropic's API",
    }),
    endpoint: z.enum(jsonPaths, { error: refusalOfEndpoint }).optional().meta({
      description:
        'The path of the endpoint. Default: /api/chat for a request with messages, /api/generate for one with a prompt',
    }),
    priority: z.enum(priorities).optional().meta({
      description: 'Default: that of the token, or else normal. It may not be above that of the token',
    }),
    metadata: z
      .record(z.string(), z.unknown())
      .refine(value => isWithin(value, MAX_METADATA_LEVELS), {
        error: `must not be nested deeper than ${MAX_METADATA_LEVELS} levels`,
      })
      .optional()
      .meta({
        description: `Any JSON object, which is stored and shown with the job as it was written: at most ${MAX_METADATA_CHARACTERS} characters and ${MAX_METADATA_LEVELS} levels`,
      }),
    webhook: Webhook.optional().meta({ description: 'Where events of the job are sent' }),
    max_attempts: z.int().min(1).max(100).optional().meta({ description: 'How many attempts the job gets' }),
    deadline: time
      .optional()
      .meta({ description: 'The job fails if it has not ended by this time, which must be in the future' }),
  })
  .meta({
    examples: [
      { request: { model: 'plain', messages: [{ role: 'user', content: 'Hello!' }] }, priority: 'low' },
    ],
  })

export type Submission = z.infer<typeof Submission>

export const JobPatch = z
  .strictObject({
    priority: z.enum(priorities).optional().meta({
      description: 'Not above that of the token, unless you are an operator',
    }),
    deadline: time.nullable().optional().meta({ description: 'In the future. Null: none any more' }),
    reason,
  })
  .refine(({ priority, deadline }) => priority !== undefined || deadline !== undefined, {
    error: 'must have a priority or a deadline',
  })
  .meta({ examples: [{ priority: 'high' }, { deadline: null }] })

const MAX_METADATA_FILTERS = 8

/** Metadata that jobs must have. A name of a query comes with its value as a text. */
const metadataFilter = z
  .record(
    z.string().min(1).max(MAX_METADATA_CHARACTERS),
    z.union([z.string().max(MAX_METADATA_CHARACTERS), z.number(), z.boolean(), z.null()], {
      error: 'must be a text, a number, true, false or null',
    }),
  )
  .refine(filter => Object.keys(filter).length <= MAX_METADATA_FILTERS, {
    error: `must not have more than ${MAX_METADATA_FILTERS} names`,
  })

/** Which jobs are meant. */
const conditions = {
  state: z.enum(jobStates).optional(),
  model: z.string().min(1).optional(),
  caller: z
    .string()
    .min(1)
    .optional()
    .meta({ description: 'Jobs of this caller. Only operators and viewers see the jobs of others' }),
  priority: z.enum(priorities).optional(),
  code: z.string().min(1).optional().meta({ description: 'Jobs that ended with this code of an `error`' }),
  batch: z.string().min(1).optional().meta({ description: 'Jobs of this batch, by its id' }),
  since: time.optional().meta({ description: 'Jobs submitted at this time or later' }),
  until: time.optional().meta({ description: 'Jobs submitted before this time' }),
  meta: metadataFilter.optional().meta({
    description:
      'Jobs whose metadata has these values at its top level: as texts, or as the numbers, `true`, `false` or `null` that the texts stand for',
  }),
}

/** What an operation on many is told beside its filter. */
const ofMany = {
  expect: z.int().min(0).optional().meta({
    description: 'How many are meant. If the filter matches another number, nothing is done',
  }),
  dry_run: z.boolean().optional().meta({ description: 'Only counts' }),
  reason,
}

/** The states of the jobs that each action is for. */
export const statesOfAction: Readonly<Record<JobActionName, readonly JobState[]>> = {
  cancel: ['queued', 'running'],
  retry: endStates,
  priority: ['queued'],
}

export const JobAction = z
  .strictObject({
    action: z.enum(jobActions),
    priority: z.enum(priorities).optional().meta({ description: 'The new one, for the action `priority`' }),
    filter: z.strictObject(conditions).meta({
      description:
        'Which jobs. An empty filter means all that the action is for. `retry` needs a `state`, and leaves out what it has repeated once',
    }),
    ...ofMany,
  })
  .superRefine(({ action, priority, filter: { state } }, context) => {
    const states = statesOfAction[action]
    const complain = (message: string, ...path: string[]) =>
      context.addIssue({ code: 'custom', message, path })
    if (action === 'priority' && priority === undefined) complain('must be given for this action', 'priority')
    if (action !== 'priority' && priority !== undefined) complain('is for the action priority', 'priority')
    if (state === undefined ? action === 'retry' : !states.includes(state))
      complain(`must be ${states.join(', ')} for this action`, 'filter', 'state')
  })
  .meta({ examples: [{ action: 'cancel', filter: { state: 'queued', model: 'plain' }, expect: 12 }] })

export type JobAction = z.output<typeof JobAction>

/** Which webhook messages are meant. */
const deliveryConditions = {
  host: z.string().min(1).optional().meta({ description: 'The host and port of the URL' }),
  caller: conditions.caller.meta({ description: 'Messages about jobs of this caller' }),
  since: time.optional().meta({ description: 'Messages written at this time or later' }),
  until: time.optional().meta({ description: 'Messages written before this time' }),
}

const cursorOf = (name: string) =>
  z
    .string()
    .regex(/^[0-9a-z]{1,11}$/, `must be the ${name} of a page`)
    .optional()
    .meta({ description: `The \`${name}\` of the previous page` })

const pageLimit = z.coerce.number().int().min(1).max(MAX_PAGE_ROWS).default(50)

export const DeliveryQuery = z.strictObject({
  state: z.enum(deliveryStates).optional(),
  ...deliveryConditions,
  limit: pageLimit,
  before: cursorOf('next_before'),
})

export const Redelivery = z
  .strictObject({
    filter: z
      .strictObject({
        state: z.literal('dead').optional().meta({ description: 'Only dead messages are sent again' }),
        ...deliveryConditions,
      })
      .meta({ description: 'Which messages. An empty filter means all that are dead' }),
    ...ofMany,
  })
  .meta({ examples: [{ filter: { host: 'receiver.example' }, expect: 12 }] })

export type DeliveryFilter = z.output<typeof Redelivery>['filter']

export const JobQuery = z.strictObject({
  ...conditions,
  limit: pageLimit,
  cursor: cursorOf('next_cursor'),
})

const MAX_PAGE_BATCHES = 100

export const BatchQuery = z.strictObject({
  before: z
    .string()
    .min(1)
    .optional()
    .meta({ description: 'Only batches that came before this one, by its id' }),
  limit: z.coerce.number().int().min(1).max(MAX_PAGE_BATCHES).default(20),
})

export const ResultsQuery = z.strictObject({
  after: z.coerce
    .number()
    .int()
    .min(0)
    .max(1_000_000)
    .optional()
    .meta({ description: 'The `index` of the last line that you have. Only later lines are sent' }),
})
