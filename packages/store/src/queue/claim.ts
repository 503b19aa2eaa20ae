import type { StoredRequest } from '../stored-request.ts'

/** A running job as the worker that claimed it sees it. The columns of `jobs` in schema.ts explain the fields. */
export interface Claim extends StoredRequest {
  readonly seq: number
  readonly id: string
  /** Proves the claim. Every write of the run carries it. */
  readonly token: string
  /** In how many parts the body is. 0: `body` is whole. */
  readonly parts: number
  /** The number of this attempt. */
  readonly attempt: number
  readonly failedAttempts: number
  /** The earlier attempt that brought the best answer of the target so far. Null: none did. */
  readonly answerAttempt: number | null
  /** The number of attempts that may fail. Null: the worker's setting applies. */
  readonly maxAttempts: number | null
  readonly deadlineAt: number | null
  readonly runsAlone: boolean
}
