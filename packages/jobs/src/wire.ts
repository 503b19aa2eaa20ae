import type { DeliveryState, WebhookEvent } from './delivery.ts'
import type { Priority } from './priority.ts'
import type { JobState } from './state.ts'

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

/** How a job failed. `status`: of the target's answer, where there was one. */
export interface JobError {
  code: string
  message: string
  status?: number
}

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

/** A webhook on its way, or at its end. Times are RFC 3339. */
export interface Delivery {
  /** The `webhook-id`. */
  id: string
  event: WebhookEvent
  url: string
  state: DeliveryState
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
