import { STATUS_CODES } from 'node:http'
import type { Problem } from './types.ts'

/**
 * foreman, or somebody before it, answered with a status outside 200–299. `message` is for people. What its problem
 * details (RFC 9457) do not have is undefined, and so is all of it in an answer that is not foreman's.
 */
export class ForemanError extends Error {
  override readonly name = 'ForemanError'
  readonly status: number
  /** For programs, such as `job_not_found`. */
  readonly code: string | undefined
  /** Which job of a batch, from 0. */
  readonly index: number | undefined
  /** Which line of a batch, from 1. */
  readonly line: number | undefined
  /** What is not valid, and where (JSON Pointer). */
  readonly errors: Problem['errors']
  /** After how long to come again. */
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
