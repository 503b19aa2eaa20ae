import type { ServerResponse } from 'node:http'
import type { Followers } from './log-followers.ts'
import { Signal } from './wake-signal.ts'

export interface Attendance {
  /** Raised when the job's log has grown, when the caller has left or takes bytes again, when the gateway's time is up. */
  readonly signal: Signal
  readonly end: () => void
}

/** Listens for all that may happen between a job and a caller. */
export const attend = (
  jobSeq: number,
  response: ServerResponse,
  { followers, cutOff }: { readonly followers: Followers; readonly cutOff: AbortSignal },
): Attendance => {
  const signal = new Signal()
  const unfollow = followers.follow(jobSeq, signal.raise)
  response.on('close', signal.raise)
  response.on('drain', signal.raise)
  cutOff.addEventListener('abort', signal.raise)
  const end = () => {
    unfollow()
    response.off('close', signal.raise)
    response.off('drain', signal.raise)
    cutOff.removeEventListener('abort', signal.raise)
  }
  return { signal, end }
}
