import type { DeliveryState, WebhookEvent } from './delivery.ts'
import type { Priority } from './priority.ts'
import type { JobState } from './state.ts'

/** What is foretold of a queued job. A field without a value is missing. Times are RFC 3339. */
export interface JobProspect {
  /** How many of the queued jobs are likely to start before this one. */
  position?: number
  /** When it is likely to start. Missing as long as something before it was never measured. */
  estimated_start?: string
  /** How long it is likely to wait from now on. */
  estimated_wait_ms?: number
  /** How long it waits if the jobs before it are short, and if others arrive before it. */
  estimated_wait_range_ms?: [shortest: number, longest: number]
  why: Why
}

/** Why a job waits or has waited: for programs, and for people. */
export interface Why {
  code: string
  text: string
}

/** A job as foreman shows it. A field without a value is missing. Times are RFC 3339. */
export interface Job extends Partial<JobProspect> {
  id: string
  state: JobState
  /** The path that the request is for, such as `/api/chat`. */
  endpoint: string
  /** The model as the request names it. */
  model: string
  priority: Priority
  caller: string
  /** The metadata that was submitted with the job. Viewers do not see it. */
  metadata?: Record<string, unknown>
  /** How long a job waited for its last start, from its arrival. */
  waited_ms?: number
  /** What a queued job waits for, and what another one waited for. Lists omit what is foretold of queued jobs. */
  why?: Why
  /** The number of attempts that have started. */
  attempts: number
  created_at: string
  /** When the last attempt started. */
  started_at?: string
  finished_at?: string
  /** When the ended job is deleted. */
  expires_at?: string
  deadline?: string
  /** When the next attempt of a delayed job may start. */
  next_attempt_at?: string
  /** The cancellation of the running job was requested. */
  cancel_requested?: true
  /** The id of the job that this one repeats. */
  retry_of?: string
  /** The id of the batch that it was submitted in. */
  batch?: string
  /** When the attempt that brought the answer had its first byte. */
  first_byte_at?: string
  /** How long the load of the model, the prompt and the rest of the answer took, as the answer states it. */
  load_ms?: number
  prompt_ms?: number
  generate_ms?: number
  /** How far a running job has come. */
  progress?: { tokens: number }
  /** The token counts that the answer states. */
  usage?: { prompt_tokens?: number; completion_tokens?: number }
  /** The answer as one object, whether the target streamed it or not. Lists omit it. */
  result?: Record<string, unknown>
  /** Why a succeeded job has no `result`: it may not be seen, or the stored answer cannot be shown as an object. */
  result_omitted?: string
  error?: JobError
}

/** Why a job ended without success. `status` is the HTTP status of the target's answer, if there was one. */
export interface JobError {
  /** A JobErrorCode, or a code that a newer foreman has added. */
  code: string
  message: string
  status?: number
}

/** The answer to a batch: the job of each submission. */
export interface Batch {
  /** The id of the batch. Missing if an older foreman has submitted it. */
  batch?: string
  count: number
  jobs: { index: number; id: string }[]
}

/** A batch as foreman shows it. A field without a value is missing. Times are RFC 3339. */
export interface BatchState {
  id: string
  caller: string
  created_at: string
  counts: BatchCounts
  /** No job is queued or running any more. */
  ended: boolean
  /** When the last of its jobs ended. */
  finished_at?: string
  cancel_requested?: true
  /** What is foretold of the queued job that came last. Lists omit it. */
  last_queued?: JobProspect & { id: string }
}

/** How many jobs of a batch are in which state. */
export interface BatchCounts extends Record<JobState, number> {
  /** All its jobs, deleted ones included. */
  total: number
  /** Those that are deleted, because their time is over. */
  deleted?: number
  /** Lines that are no jobs. */
  refused?: number
}

export interface BatchPage {
  batches: BatchState[]
  has_more: boolean
}

/**
 * A line of the results of a batch: a job that has ended, and its place in the batch, from 0. A line that did not become a job has
 * an `error` and no more.
 */
export type BatchResult = { index: number; custom_id?: string } & (Job | { id?: undefined; error: JobError })

export interface JobPage {
  jobs: Job[]
  /** Null: this is the last page. */
  next_cursor: string | null
  /** Only jobs that were submitted since were looked at. Missing: all were, or the page is full. */
  searched_to?: string
}

/** What somebody has done, or does: to many jobs, it takes a while. */
export interface Operation {
  id: number
  action: string
  /** `failed`: its gateway has ended. Sent again, it does what is left. */
  state: 'running' | 'done' | 'stopped' | 'failed'
  /** How many it is about, and how many are done. */
  matched?: number
  done?: number
  /** The name of the caller, or `operator`. */
  by: string
  /** To what it is done. */
  subject?: string
  reason?: string
  detail?: Record<string, unknown>
  at: string
  stop_requested?: true
  ended_at?: string
}

/** The problem details (RFC 9457) that foreman sends with an error. */
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

/** One webhook message to one receiver. Times are RFC 3339. */
export interface Delivery {
  /** The `webhook-id`. */
  id: string
  event: WebhookEvent
  url: string
  state: DeliveryState
  created_at: string
  /** When the next attempt is due. Only a pending delivery has it. */
  next_attempt_at?: string
  finished_at?: string
  attempts: DeliveryAttempt[]
}

/** A delivery among those of other jobs. */
export interface ListedDelivery extends Delivery {
  job: string
  caller: string
}

export interface DeliveryPage {
  deliveries: ListedDelivery[]
  /** Null: this is the last page. */
  next_before: string | null
  /** Only deliveries that were written since were looked at. Missing: all were, or the page is full. */
  searched_to?: string
}

/** A host that webhooks go to. Times are RFC 3339. */
export interface Receiver {
  /** The host and port of the URLs. */
  host: string
  pending: number
  dead: number
  /** When the last attempt began. Missing if that is long ago. */
  last_at?: string
  /** The last attempt that has failed, if it is known. */
  last_error?: { at: string; status?: number; error?: string }
  /** When a URL of the host last answered that it is gone. */
  gone_at?: string
}

/** Those with the most undelivered webhooks first. */
export interface Receivers {
  receivers: Receiver[]
  /** There are more. */
  is_cut?: true
}

export interface DeliveryAttempt {
  at: string
  duration_ms: number
  /** The HTTP status of the receiver's answer, if there was one. */
  status?: number
  error?: string
  /** The beginning of the answer's body. */
  response?: string
}
