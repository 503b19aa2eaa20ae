import type { Priority, WebhookEvent } from '@foreman/jobs'
import type { StoredRequest } from '../stored-request.ts'

/** What a caller submits. The columns of `jobs` in schema.ts explain the fields. */
export interface NewJob extends StoredRequest {
  readonly caller: string
  readonly priority: Priority
  /** The number of attempts that may fail. Undefined: the worker's setting applies. */
  readonly maxAttempts?: number | undefined
  readonly deadlineAt?: number | undefined
  /** A JSON object, as the caller wrote it. */
  readonly metadata?: string | undefined
  readonly webhook?: { readonly url: string; readonly events: readonly WebhookEvent[] } | undefined
  readonly idempotency?: IdempotencyKey | undefined
  /** In how many parts the body is added to the arrival of the job; `body` is empty then. Undefined: `body` is whole. */
  readonly parts?: number | undefined
  /** The id of the job that this job repeats. */
  readonly retryOf?: string | undefined
  /** The gateway on whose connection the caller waits. Undefined: the job goes on without its caller. */
  readonly gateway?: string | undefined
}

/** The key by which foreman recognises a repeated request of a caller, and a hash of that request. */
export interface IdempotencyKey {
  readonly key: string
  readonly hash: Buffer
}

/** What a process remembers of a job that it submitted. */
export interface JobRef {
  readonly seq: number
  readonly id: string
}

export interface Submitted extends JobRef {
  /** Whether the job existed already, because an earlier request had the same idempotency key. */
  readonly isReplayed: boolean
}
