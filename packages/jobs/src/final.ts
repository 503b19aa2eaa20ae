import type { JobState } from './state.ts'

const TOO_MANY_REQUESTS = 429
const BAD_GATEWAY = 502

/**
 * Whether a status says nothing about the request: the target is busy, or a proxy does not reach it. Proxies have statuses of
 * their own above 504.
 */
const isPassing = (status: number): boolean => status === TOO_MANY_REQUESTS || status >= BAD_GATEWAY

export interface End {
  readonly state: JobState
  /** The status of the answer. Null: the job has no answer, or not all of it. */
  readonly statusCode: number | null
}

/**
 * Whether a job has ended for good: it has succeeded, or the target's last word has failed it. Sending the same request again
 * would most likely bring the same. A job that ended without such a word may end otherwise when it is sent again.
 *
 * @example
 * isFinal({ state: 'failed', statusCode: 404 }) // true: the model does not exist
 * isFinal({ state: 'failed', statusCode: 503 }) // false: the target was busy
 * isFinal({ state: 'failed', statusCode: null }) // false: for example, the connection to the target broke off
 */
export const isFinal = ({ state, statusCode }: End): boolean => {
  if (state === 'succeeded') return true
  return state === 'failed' && statusCode !== null && !isPassing(statusCode)
}
