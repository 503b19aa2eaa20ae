import type { DeliveryState, EndState, JobState, Priority, WebhookEvent } from '@foreman/jobs'
import type { ChatRequest, GenerateRequest } from '@foreman/ollama-client'

export type * from '@foreman/jobs'

export interface JobOptions {
  readonly priority?: Priority | undefined
  /** Stored with the job and returned with it. */
  readonly metadata?: Record<string, unknown> | undefined
  /** Where foreman reports the job's events. By default these are the events of its end. */
  readonly webhook?: { readonly url: string; readonly events?: readonly WebhookEvent[] } | undefined
  /** After this many failed attempts (1 to 100) the job fails. */
  readonly maxAttempts?: number | undefined
  /** A job that has not ended by then fails. */
  readonly deadline?: Date | undefined
}

/** The request body for an endpoint. `endpoint` is required when it is neither chat nor generate. */
export type JobRequest =
  | {
      readonly request: ChatRequest | GenerateRequest
      readonly endpoint?: '/api/chat' | '/api/generate' | undefined
    }
  | { readonly request: object; readonly endpoint: string }

/** One job of a batch. */
export type Submission = JobRequest & JobOptions

/** What changes of a queued job. What is left out stays. */
export interface JobChanges {
  readonly priority?: Priority | undefined
  /** Null: it has none any more. */
  readonly deadline?: Date | null | undefined
  /** Why, for whoever reads the operations. */
  readonly reason?: string | undefined
}

/** Which jobs are meant. */
export interface JobFilter {
  readonly state?: JobState | undefined
  readonly model?: string | undefined
  readonly caller?: string | undefined
  readonly priority?: Priority | undefined
  /** The code of an error. */
  readonly code?: string | undefined
  /** The id of a batch. */
  readonly batch?: string | undefined
  /** Only jobs submitted at this time or later, and before that one. */
  readonly since?: Date | undefined
  readonly until?: Date | undefined
  /** What the metadata has at its top level. A value that stands there as a text, or as what the text stands for, is the same. */
  readonly meta?: Readonly<Record<string, string | number | boolean | null>> | undefined
}

export interface JobQuery extends JobFilter {
  /** How many jobs one request reads, 1 to 500. */
  readonly pageSize?: number | undefined
}

/** Which webhooks are meant. */
export interface DeliveryFilter {
  /** The host and port of the URL. */
  readonly host?: string | undefined
  readonly caller?: string | undefined
  /** Only webhooks written at this time or later, and before that one. */
  readonly since?: Date | undefined
  readonly until?: Date | undefined
}

export interface DeliveryQuery extends DeliveryFilter {
  readonly state?: DeliveryState | undefined
  /** How many webhooks one request reads, 1 to 500. */
  readonly pageSize?: number | undefined
}

/** What is done to many, beside the filter. */
export interface ManyOptions {
  /** How many are meant. If the filter matches another number, nothing is done. */
  readonly expect?: number | undefined
  /** Why, for whoever reads the operations. */
  readonly reason?: string | undefined
}

/** `cancel`: queued and running jobs. `retry`: jobs that have ended. `priority`: queued jobs. */
export type JobAction =
  | { readonly action: 'cancel'; readonly filter: JobFilter }
  | { readonly action: 'retry'; readonly filter: JobFilter & { readonly state: EndState } }
  | { readonly action: 'priority'; readonly priority: Priority; readonly filter: JobFilter }
