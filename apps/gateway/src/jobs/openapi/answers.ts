import type * as resource from '@foreman/jobs'
import { deliveryStates, jobStates, priorities, webhookEvents } from '@foreman/jobs'
import { z } from 'zod'
import { problemCodes } from '../../http/refusal.ts'

/** The answers of foreman's own routes. No schema is closed, because objects may get more members. */

const count = z.int().min(0)
const httpStatus = z.int().min(100).max(599)

export const JobId = z.string().regex(/^job_[0-9a-f]{32}$/)
export const BatchId = z.string().regex(/^batch_[0-9a-f]{32}$/)
export const DeliveryId = z
  .string()
  .regex(/^msg_[0-9a-f]{32}$/)
  .meta({ description: 'The `webhook-id`' })
export const Time = z.iso.datetime().meta({ description: 'RFC 3339, in UTC' })

const JobError = z.object({
  code: z
    .string()
    .meta({ description: 'The reason, for programs', examples: ['cancelled', 'deadline_exceeded', 'stall'] }),
  message: z.string(),
  status: httpStatus
    .exactOptional()
    .meta({ description: "The status of the target's answer, if there was one" }),
} satisfies Record<keyof resource.JobError, z.ZodType>)

export const Why = z.object({ code: z.string(), text: z.string() } satisfies Record<
  keyof resource.Why,
  z.ZodType
>)

const prospect = {
  position: count.exactOptional().meta({
    description:
      'How many of the queued jobs are likely to start before this one. Only queued jobs have it, and lists leave it out',
  }),
  estimated_start: Time.exactOptional().meta({
    description:
      'When this queued job is likely to start, if nothing else arrives. It is missing as long as something before it was never measured, and in lists',
  }),
  estimated_wait_ms: count
    .exactOptional()
    .meta({ description: 'How long this queued job is likely to wait from now on' }),
  estimated_wait_range_ms: z.tuple([count, count]).exactOptional().meta({
    description: 'How long it waits if the jobs before it are short, and if others arrive before it',
  }),
}

export const JobProspect = z.object({
  ...prospect,
  why: Why,
} satisfies Record<keyof resource.JobProspect, z.ZodType>)

const jobFields = {
  id: JobId,
  state: z.enum(jobStates),
  endpoint: z
    .string()
    .meta({ description: 'The path of the endpoint that the request is for', examples: ['/api/chat'] }),
  model: z.string().meta({ description: 'The name of the model, as the request has it' }),
  priority: z.enum(priorities),
  caller: z.string().meta({ description: 'The caller that submitted the job' }),
  metadata: z
    .record(z.string(), z.unknown())
    .exactOptional()
    .meta({ description: 'The metadata of the submission, for those who may see content' }),
  ...prospect,
  waited_ms: count
    .exactOptional()
    .meta({ description: 'How long this job waited for its last start, from its arrival' }),
  why: Why.exactOptional().meta({
    description: 'What this job waits for, or waited for: for programs, and for people',
  }),
  attempts: count.meta({ description: 'How many attempts have begun' }),
  created_at: Time,
  started_at: Time.exactOptional().meta({ description: 'When the last attempt began' }),
  finished_at: Time.exactOptional(),
  expires_at: Time.exactOptional().meta({ description: 'When the job, which has ended, is deleted' }),
  deadline: Time.exactOptional().meta({ description: 'The deadline of the submission' }),
  next_attempt_at: Time.exactOptional().meta({
    description: 'When the next attempt of this queued job may begin',
  }),
  cancel_requested: z
    .literal(true)
    .exactOptional()
    .meta({ description: 'The job runs, and is about to be cancelled' }),
  retry_of: JobId.exactOptional().meta({ description: 'The id of the job that this job repeats' }),
  batch: BatchId.exactOptional().meta({ description: 'The id of the batch that it was submitted in' }),
  first_byte_at: Time.exactOptional().meta({
    description: 'When the attempt that brought the answer had its first byte',
  }),
  load_ms: count.exactOptional().meta({
    description: 'How long the load of the model took, as the answer states it',
  }),
  prompt_ms: count.exactOptional().meta({ description: 'How long the prompt took, as the answer states it' }),
  generate_ms: count.exactOptional().meta({
    description: 'How long the rest of the answer took, as the answer states it',
  }),
  progress: z.object({ tokens: count }).exactOptional().meta({ description: 'How far a running job is' }),
  usage: z
    .object({ prompt_tokens: count.exactOptional(), completion_tokens: count.exactOptional() })
    .exactOptional()
    .meta({ description: 'The tokens, as the answer counts them' }),
  result: z.record(z.string(), z.unknown()).exactOptional().meta({
    description:
      'The answer as one object, also if the target streamed it, for those who may see content. Lists leave it out',
  }),
  result_omitted: z.string().exactOptional().meta({
    description:
      'Why this succeeded job has no `result`: you may not see content, or its answer cannot be shown as an object, and then its stream has it',
  }),
  error: JobError.exactOptional().meta({ description: 'Why the job failed or was cancelled' }),
} satisfies Record<keyof resource.Job, z.ZodType>

export const Job: z.ZodType<resource.Job> = z.object(jobFields)

export const JobPage = z.object({
  jobs: z.array(Job),
  next_cursor: z
    .string()
    .nullable()
    .meta({ description: 'The cursor of the next page; null on the last page' }),
  searched_to: Time.exactOptional().meta({
    description:
      'Jobs that were submitted before were not looked at, because no index finds the jobs of such a query. The next page goes on there',
  }),
})

export const BatchAccepted = z.object({
  batch: BatchId.exactOptional().meta({
    description: 'Missing for jobs that an older version has submitted',
  }),
  count,
  jobs: z.array(
    z.object({
      index: count.meta({ description: 'The place of the submission in the batch, from 0' }),
      id: JobId,
    }),
  ),
})

const BatchCounts = z.object({
  ...(Object.fromEntries(jobStates.map(state => [state, count])) as Record<resource.JobState, typeof count>),
  total: count.meta({ description: 'All its jobs, deleted ones included' }),
  deleted: count
    .exactOptional()
    .meta({ description: 'How many are deleted, because their time is over. They are in no other count' }),
  refused: count.exactOptional().meta({ description: 'How many lines of a file did not become jobs' }),
} satisfies Record<keyof resource.BatchCounts, z.ZodType>)

export const BatchState = z.object({
  id: BatchId,
  caller: z.string().meta({ description: 'The caller that submitted the batch' }),
  created_at: Time,
  counts: BatchCounts,
  ended: z.boolean().meta({ description: 'Whether no job is queued or running any more' }),
  finished_at: Time.exactOptional().meta({ description: 'When the last of its jobs ended' }),
  cancel_requested: z.literal(true).exactOptional(),
  last_queued: JobProspect.extend({ id: JobId })
    .exactOptional()
    .meta({ description: 'What is foretold of the queued job that came last. Lists leave it out' }),
} satisfies Record<keyof resource.BatchState, z.ZodType>)

export const BatchPage = z.object({
  batches: z.array(BatchState),
  has_more: z.boolean(),
} satisfies Record<keyof resource.BatchPage, z.ZodType>)

const resultFields = {
  index: count.meta({ description: 'The place in the batch, from 0' }),
  custom_id: z
    .string()
    .exactOptional()
    .meta({ description: "The caller's name for the line of a file, for those who may see content" }),
}

export const BatchResult = z.union([
  z.object({ ...resultFields, ...jobFields }),
  z.object({ ...resultFields, error: JobError }).meta({ description: 'A line that did not become a job' }),
])

const inSeconds = count.meta({ description: 'Seconds since the epoch' })

export const OpenAiFile = z.object({
  id: z.string(),
  object: z.literal('file'),
  bytes: count.meta({ description: '0 for what is rendered from jobs' }),
  created_at: inSeconds,
  expires_at: inSeconds
    .exactOptional()
    .meta({ description: 'When it is deleted, if no batch has it by then' }),
  filename: z.string(),
  purpose: z.enum(['batch', 'batch_output']),
  status: z.literal('processed'),
})

export const OpenAiDeleted = z.object({ id: z.string(), object: z.literal('file'), deleted: z.literal(true) })

export const OpenAiBatch = z.object({
  id: BatchId,
  object: z.literal('batch'),
  endpoint: z.string(),
  errors: z
    .object({
      object: z.literal('list'),
      data: z.array(
        z.object({ code: z.string(), message: z.string(), param: z.null(), line: z.int().min(1) }),
      ),
    })
    .nullable(),
  input_file_id: z.string().nullable(),
  completion_window: z.string(),
  status: z.enum(['in_progress', 'completed', 'failed', 'expired', 'cancelling', 'cancelled']),
  output_file_id: z.string().nullable(),
  error_file_id: z.string().nullable(),
  created_at: inSeconds,
  in_progress_at: inSeconds,
  expires_at: inSeconds,
  finalizing_at: inSeconds.exactOptional(),
  completed_at: inSeconds.exactOptional(),
  failed_at: inSeconds.exactOptional(),
  expired_at: inSeconds.exactOptional(),
  cancelling_at: inSeconds.exactOptional(),
  cancelled_at: inSeconds.exactOptional(),
  request_counts: z.object({ total: count, completed: count, failed: count }),
  metadata: z.record(z.string(), z.string()).nullable(),
})

const openAiList = {
  object: z.literal('list'),
  first_id: z.string().nullable(),
  last_id: z.string().nullable(),
  has_more: z.boolean(),
}

export const OpenAiFileList = z.object({ ...openAiList, data: z.array(OpenAiFile) })

export const OpenAiBatchList = z.object({ ...openAiList, data: z.array(OpenAiBatch) })

const deliveryFields = {
  id: DeliveryId,
  event: z.enum(webhookEvents),
  url: z.string().meta({ description: 'For those who may not see content, only its origin' }),
  state: z.enum(deliveryStates),
  created_at: Time,
  next_attempt_at: Time.exactOptional().meta({
    description: 'When the next attempt is due, while the webhook is pending',
  }),
  finished_at: Time.exactOptional(),
  attempts: z.array(
    z.object({
      at: Time,
      duration_ms: count,
      status: httpStatus
        .exactOptional()
        .meta({ description: "The status of the receiver's answer, if there was one" }),
      error: z.string().exactOptional(),
      response: z.string().exactOptional().meta({
        description: "The beginning of the receiver's answer, for those who may see content",
      }),
    }),
  ),
}

export const Delivery = z.object(deliveryFields)

/** A delivery among those of other jobs. */
const ListedDelivery = z.object({
  ...deliveryFields,
  job: JobId,
  caller: z.string().meta({ description: 'The caller whose job it is' }),
})

export const DeliveryPage = z.object({
  deliveries: z.array(ListedDelivery),
  next_before: z
    .string()
    .nullable()
    .meta({ description: 'The `before` of the next page; null on the last page' }),
  searched_to: Time.exactOptional().meta({
    description:
      'A page looks at the last 10,000 webhooks: older ones were not looked at. The next page goes on there',
  }),
})

export const Receivers = z.object({
  receivers: z
    .array(
      z.object({
        host: z.string().meta({ description: 'The host and port of the URLs' }),
        pending: count,
        dead: count,
        last_at: Time.exactOptional().meta({ description: 'When the last attempt began' }),
        last_error: z
          .object({ at: Time, status: httpStatus.exactOptional(), error: z.string().exactOptional() })
          .exactOptional()
          .meta({ description: 'The last attempt that has failed' }),
        gone_at: Time.exactOptional().meta({
          description: 'When a URL of the host last answered that it is gone (410)',
        }),
      } satisfies Record<keyof resource.Receiver, z.ZodType>),
    )
    .meta({ description: 'At most 200, those with the most undelivered webhooks first' }),
  is_cut: z.literal(true).exactOptional().meta({ description: 'There are more' }),
} satisfies Record<keyof resource.Receivers, z.ZodType>)

export const DeliveryList = z.object({ deliveries: z.array(Delivery) })

export const OperationId = z.int().min(1)

/** What somebody has done, or does. */
export const Operation = z.object({
  id: OperationId,
  action: z.string().meta({ description: 'What is done', examples: ['cancel', 'retry', 'priority'] }),
  state: z.enum(['running', 'done', 'stopped', 'failed']).meta({
    description: '`failed`: its gateway has ended. What was done stays; send the same again for what is left',
  }),
  matched: count.exactOptional().meta({ description: 'How many it is about' }),
  done: count.exactOptional().meta({ description: 'How many are done' }),
  by: z.string().meta({ description: 'The caller, or `operator`' }),
  subject: z.string().exactOptional().meta({ description: 'To what it is done' }),
  reason: z.string().exactOptional(),
  detail: z.record(z.string(), z.unknown()).exactOptional(),
  at: Time,
  stop_requested: z.literal(true).exactOptional().meta({ description: 'It is about to stop' }),
  ended_at: Time.exactOptional(),
} satisfies Record<keyof resource.Operation, z.ZodType>)

export const Matched = z.object({ matched: count.meta({ description: 'How many the filter matches' }) })

export const Problem = z
  .object({
    type: z.string().meta({ format: 'uri-reference' }),
    title: z.string(),
    status: httpStatus,
    detail: z.string().meta({ description: 'What is wrong, for people' }),
    code: z.string().meta({ description: 'What is wrong, for programs', examples: [...problemCodes] }),
    index: count
      .exactOptional()
      .meta({ description: 'The place of the wrong submission in the batch, from 0' }),
    line: z.int().min(1).exactOptional().meta({ description: 'The line of the wrong submission, from 1' }),
    errors: z
      .array(z.object({ pointer: z.string().meta({ format: 'json-pointer' }), message: z.string() }))
      .exactOptional()
      .meta({ description: 'Each value that is not valid, and where it stands' }),
    state: z.enum(jobStates).exactOptional().meta({ description: 'The state of the job, if that is why' }),
    matched: count.exactOptional().meta({ description: 'How many the filter matches, if that is why' }),
  })
  .meta({ description: 'Problem details, RFC 9457' })

export const Health = z.object({
  status: z.literal('ok'),
  degraded: z.boolean(),
  paused: z.literal(true).exactOptional().meta({ description: 'An operator lets nothing start' }),
  closed: z.literal(true).exactOptional().meta({ description: 'An operator lets nothing be accepted' }),
  reasons: z.array(z.string()).exactOptional(),
})

export const Readiness = z.object({
  status: z.enum(['ready', 'not_ready']),
  reasons: z.array(z.string()).exactOptional(),
})
