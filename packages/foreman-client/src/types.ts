import type { JobState, Priority, WebhookEvent } from '@foreman/jobs'
import type { ChatRequest, GenerateRequest } from '@foreman/ollama-client'

export type * from '@foreman/jobs'

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

export interface JobQuery {
  state?: JobState | undefined
  model?: string | undefined
  caller?: string | undefined
  /** Handed over at this time or later. */
  since?: Date | undefined
  /** Jobs asked for at a time, 1 to 500. */
  pageSize?: number | undefined
}
