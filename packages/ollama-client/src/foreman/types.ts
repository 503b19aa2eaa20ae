import type { ChatRequest, GenerateRequest } from '../types.ts'

/** A job as foreman shows it. Fields that have no value are left out; times are RFC 3339. */
export interface Job {
  id: string
  state: JobState
  /** The path that its request is for, such as `/api/chat`. */
  endpoint: string
  /** As the request has it. */
  model: string
  priority: Priority
  caller: string
  /** As it was handed in. */
  metadata?: Record<string, unknown>
  /** Queued jobs that came before, counted to 1,000. Only of a queued job, and not in lists. */
  position?: number
  /** Attempts begun. */
  attempts: number
  created_at: string
  /** Of the last attempt. */
  started_at?: string
  finished_at?: string
  /** When the ended job is forgotten. */
  expires_at?: string
  deadline?: string
  /** A queued job that waits for its next attempt. */
  next_attempt_at?: string
  /** A running job that is about to be cancelled. */
  cancel_requested?: true
  /** The id of the job that this one repeats. */
  retry_of?: string
  /** While it runs. */
  progress?: { tokens: number }
  /** As the answer itself counts them. */
  usage?: { prompt_tokens?: number; completion_tokens?: number }
  /** The endpoint's reply as one object, whether it was streamed or not. Not in lists. */
  result?: Record<string, unknown>
  error?: JobError
}

export type JobState = 'queued' | 'running' | 'succeeded' | 'failed' | 'cancelled'

export type Priority = 'high' | 'normal' | 'low'

/** How a job failed. `status`: of the target's answer, where there was one. */
export interface JobError {
  code: string
  message: string
  status?: number
}

export interface JobOptions {
  priority?: Priority | undefined
  /** Kept with the job and shown again. */
  metadata?: Record<string, unknown> | undefined
  /** Who is told. `events`: by default how the job ended. */
  webhook?: { url: string; events?: WebhookEvent[] } | undefined
  /** Attempts that may fail, 1 to 100. */
  maxAttempts?: number | undefined
  /** A job that has not ended by then fails. */
  deadline?: Date | undefined
}

/** The body that an endpoint takes, and which one when it is neither chat nor generate. */
export type JobRequest =
  | { request: ChatRequest | GenerateRequest; endpoint?: '/api/chat' | '/api/generate' | undefined }
  | { request: object; endpoint: string }

/** One job of a batch. */
export type Submission = JobRequest & JobOptions

/** What became of a batch: the job of each submission. */
export interface Batch {
  count: number
  jobs: { index: number; id: string }[]
}

export interface JobPage {
  jobs: Job[]
  /** null: there are no more. */
  next_cursor: string | null
}

export interface JobQuery {
  state?: JobState | undefined
  model?: string | undefined
  caller?: string | undefined
  /** Handed over at this time or later. */
  since?: Date | undefined
  /** Jobs asked for at a time, 1 to 500. */
  pageSize?: number | undefined
}

/** Problem details (RFC 9457) as foreman has them. */
export interface Problem {
  type?: string
  title?: string
  status?: number
  detail?: string
  code?: string
  index?: number
  line?: number
  errors?: { pointer: string; message: string }[]
}

export type WebhookEvent =
  | 'job.queued'
  | 'job.started'
  | 'job.progress'
  | 'job.retrying'
  | 'job.succeeded'
  | 'job.failed'
  | 'job.cancelled'

/** A webhook on its way, or at its end. Times are RFC 3339. */
export interface Delivery {
  /** The `webhook-id`. */
  id: string
  event: WebhookEvent
  url: string
  state: 'pending' | 'delivered' | 'dead'
  created_at: string
  /** While it is pending. */
  next_attempt_at?: string
  finished_at?: string
  attempts: DeliveryAttempt[]
}

export interface DeliveryAttempt {
  at: string
  duration_ms: number
  /** Of the receiver's answer, where there was one. */
  status?: number
  error?: string
  /** How the answer begins. */
  response?: string
}

/** What happens to a job, in order. Times are RFC 3339. */
export type JobEvent = {
  [K in keyof JobEventData]: { id: string; event: K; data: JobEventData[K] }
}[keyof JobEventData]

export interface JobEventData {
  queued: { state: 'queued'; at: string }
  started: { state: 'running'; attempt: number; at: string; reason: string }
  /** A new attempt: what was output before is void. */
  reset: { attempt: number }
  /** The status of the target's answer. */
  head: { attempt: number; status: number }
  /** The next bytes of the target's answer, as base64 where they are no text by themselves. */
  output:
    | { attempt: number; text: string; base64?: never }
    | { attempt: number; base64: string; text?: never }
  progress: { attempt: number; tokens: number }
  retrying: { state: 'queued'; attempt: number; code: string; next_attempt_at?: string; at: string }
  /** Its worker died. */
  lost: { attempt: number; at: string }
  cancel_requested: { at: string }
  succeeded: JobEnd<'succeeded'>
  failed: JobEnd<'failed'>
  cancelled: JobEnd<'cancelled'>
}

interface JobEnd<State> {
  state: State
  attempt: number
  code?: string
  at: string
}
