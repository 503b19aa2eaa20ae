import { STATUS_CODES } from 'node:http'
import type { Problem } from './types.ts'

/**
 * foreman, or a proxy in front of it, answered with a status outside 200–299. `message` is for people. The other fields come
 * from foreman's problem details (RFC 9457). A field that they do not have is undefined, and in an answer that is not
 * foreman's all of them are.
 */
export class ForemanError extends Error {
  override readonly name = 'ForemanError'
  readonly status: number
  /** For programs, such as `job_not_found`. */
  readonly code: string | undefined
  /** The position of the refused job in its batch, from 0. */
  readonly index: number | undefined
  /** The line of the refused job in its batch, from 1. */
  readonly line: number | undefined
  /** Each value that is not valid, and where it stands (JSON Pointer). */
  readonly errors: Problem['errors']
  /** How long to wait before the next attempt, as Retry-After says. */
  readonly retryAfterMs: number | undefined

  constructor(status: number, problem: Problem = {}, retryAfterMs?: number) {
    super(problem.detail ?? problem.title ?? STATUS_CODES[status] ?? `HTTP status ${status}`)
    this.status = status
    this.code = problem.code
    this.index = problem.index
    this.line = problem.line
    this.errors = problem.errors
    this.retryAfterMs = retryAfterMs
  }
}
