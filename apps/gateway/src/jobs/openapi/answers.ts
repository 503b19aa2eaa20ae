import type * as resource from '@foreman/jobs'
import { deliveryStates, jobStates, priorities, webhookEvents } from '@foreman/jobs'
import { z } from 'zod'

/** What foreman's own routes answer. Objects may get more members, so none of these is closed. */

const count = z.int().min(0)
const httpStatus = z.int().min(100).max(599)

export const JobId = z.string().regex(/^job_[0-9a-f]{32}$/)
export const DeliveryId = z
  .string()
  .regex(/^msg_[0-9a-f]{32}$/)
  .meta({ description: 'The `webhook-id`' })
export const Time = z.iso.datetime().meta({ description: 'RFC 3339, in UTC' })

const JobError = z.object({
  code: z
    .string()
    .meta({ description: 'For programs', examples: ['cancelled', 'deadline_exceeded', 'stall'] }),
  message: z.string(),
  status: httpStatus.exactOptional().meta({ description: "Of the target's answer, where there was one" }),
} satisfies Record<keyof resource.JobError, z.ZodType>)

const jobFields = {
  id: JobId,
  state: z.enum(jobStates),
  endpoint: z.string().meta({ description: 'The path that its request is for', examples: ['/api/chat'] }),
  model: z.string().meta({ description: 'As the request has it' }),
  priority: z.enum(priorities),
  caller: z.string().meta({ description: 'Whose it is' }),
  metadata: z.record(z.string(), z.unknown()).exactOptional().meta({ description: 'As it was handed over' }),
  position: count
    .max(1_000)
    .exactOptional()
    .meta({ description: 'Queued jobs that came before. Only of a queued job, and not in lists' }),
  attempts: count.meta({ description: 'Attempts begun' }),
  created_at: Time,
  started_at: Time.exactOptional().meta({ description: 'Of the last attempt' }),
  finished_at: Time.exactOptional(),
  expires_at: Time.exactOptional().meta({ description: 'When the ended job is forgotten' }),
  deadline: Time.exactOptional().meta({ description: 'As it was handed over' }),
  next_attempt_at: Time.exactOptional().meta({ description: 'Of a queued job that waits for it' }),
  cancel_requested: z
    .literal(true)
    .exactOptional()
    .meta({ description: 'It runs, and is about to be cancelled' }),
  retry_of: JobId.exactOptional().meta({ description: 'The job that this one repeats' }),
  progress: z.object({ tokens: count }).exactOptional().meta({ description: 'While it runs' }),
  usage: z
    .object({ prompt_tokens: count.exactOptional(), completion_tokens: count.exactOptional() })
    .exactOptional()
    .meta({ description: 'As the answer itself counts them' }),
  result: z
    .record(z.string(), z.unknown())
    .exactOptional()
    .meta({ description: "The endpoint's reply as one object, streamed or not. Not in lists" }),
  error: JobError.exactOptional().meta({ description: 'Of a job that failed or was cancelled' }),
} satisfies Record<keyof resource.Job, z.ZodType>

export const Job: z.ZodType<resource.Job> = z.object(jobFields)

export const JobPage = z.object({
  jobs: z.array(Job),
  next_cursor: z.string().nullable().meta({ description: 'null: there are no more' }),
})

export const BatchAccepted = z.object({
  count,
  jobs: z.array(z.object({ index: count.meta({ description: 'Of the submission, from 0' }), id: JobId })),
})

export const Delivery = z.object({
  id: DeliveryId,
  event: z.enum(webhookEvents),
  url: z.string(),
  state: z.enum(deliveryStates),
  created_at: Time,
  next_attempt_at: Time.exactOptional().meta({ description: 'While it is pending' }),
  finished_at: Time.exactOptional(),
  attempts: z.array(
    z.object({
      at: Time,
      duration_ms: count,
      status: httpStatus.exactOptional().meta({ description: 'Of the answer, where there was one' }),
      error: z.string().exactOptional(),
      response: z.string().exactOptional().meta({ description: 'How the answer begins' }),
    }),
  ),
})

export const DeliveryList = z.object({ deliveries: z.array(Delivery) })

export const Problem = z
  .object({
    type: z.string().meta({ format: 'uri-reference' }),
    title: z.string(),
    status: httpStatus,
    detail: z.string().meta({ description: 'For people' }),
    code: z.string().meta({ description: 'For programs', examples: ['job_not_found'] }),
    index: count.exactOptional().meta({ description: 'Which job of a batch, from 0' }),
    line: z.int().min(1).exactOptional().meta({ description: 'Which line of a batch, from 1' }),
    errors: z
      .array(z.object({ pointer: z.string().meta({ format: 'json-pointer' }), message: z.string() }))
      .exactOptional()
      .meta({ description: 'What is not valid, and where' }),
  })
  .meta({ description: 'Problem details, RFC 9457' })

export const Health = z.object({
  status: z.literal('ok'),
  degraded: z.boolean(),
  reasons: z.array(z.string()).exactOptional(),
})

export const Readiness = z.object({
  status: z.enum(['ready', 'not_ready']),
  reasons: z.array(z.string()).exactOptional(),
})
