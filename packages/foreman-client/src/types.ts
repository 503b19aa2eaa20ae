import type { JobState, Priority, WebhookEvent } from '@foreman/jobs'
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

export interface JobQuery {
  readonly state?: JobState | undefined
  readonly model?: string | undefined
  readonly caller?: string | undefined
  readonly priority?: Priority | undefined
  /** The code of an error. */
  readonly code?: string | undefined
  /** Only jobs submitted at this time or later. */
  readonly since?: Date | undefined
  /** How many jobs one request reads, 1 to 500. */
  readonly pageSize?: number | undefined
}
