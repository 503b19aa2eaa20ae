/** The store cannot be used: it is not one of foreman, is damaged, needs newer code, or cannot be written. */
export class StoreUnusableError extends Error {
  override readonly name = 'StoreUnusableError'
}

/** A write carried a claim that no longer holds the job. The caller must stop its run and discard the result. */
export class JobLostError extends Error {
  override readonly name = 'JobLostError'
}

/** An idempotency key was sent again with a different request. */
export class KeyReusedError extends Error {
  override readonly name = 'KeyReusedError'
}

/** An idempotency key was sent again while the jobs that it was first sent with are still being written. */
export class KeyInUseError extends Error {
  override readonly name = 'KeyInUseError'
}

/** An arrival was removed, because nothing had been added to it for too long. */
export class ArrivalLostError extends Error {
  override readonly name = 'ArrivalLostError'
}

/** What is stored of a job keeps foreman from working on it. Other jobs are not affected. */
export class BrokenJobError extends Error {
  override readonly name = 'BrokenJobError'
  readonly seq: number

  constructor(seq: number, cause: unknown) {
    super(`job ${seq} cannot be worked on`, { cause })
    this.seq = seq
  }
}

/**
 * Why a store does not do something now. `unavailable`: others keep it busy, or it cannot be reached; that passes by
 * itself, mostly within milliseconds. `full`: its disk is full or fails. `not_writable`: it can be read at best.
 */
export type NotNowReason = 'unavailable' | 'full' | 'not_writable'

/** The store does not do something now. The same call may succeed later. */
export class NotNowError extends Error {
  override readonly name = 'NotNowError'
  readonly reason: NotNowReason

  /** @param cause the error of the engine */
  constructor(reason: NotNowReason, cause: unknown) {
    super(cause instanceof Error ? cause.message : String(cause), { cause })
    this.reason = reason
  }
}

const hasReason = (error: unknown, reason: NotNowReason): boolean =>
  error instanceof NotNowError && error.reason === reason

/** Whether the store is kept busy by others, or cannot be reached. The same call may succeed in a moment. */
export const isUnavailable = (error: unknown): boolean => hasReason(error, 'unavailable')

/** Whether the disk of the store is full, or refused the write. The same call may succeed later. */
export const isFull = (error: unknown): boolean => hasReason(error, 'full')

/** Whether the same call may succeed later, whatever the reason is. */
export const mayPass = (error: unknown): boolean => error instanceof NotNowError
