import { MAX_LOSSES } from '@foreman/jobs'
import type { Finish } from './values.ts'

/** How a job ends that its caller has cancelled. */
export const CANCELLED: Finish = { state: 'cancelled', answerAttempt: null, errorCode: 'cancelled' }

/** A job that was running when its worker died. */
export interface LostJob {
  readonly attempt: number
  /** Whether it ran alone, so that the loss is its own. */
  readonly wasAlone: boolean
  /** How many losses of its own it had before. */
  readonly lostCount: number
  readonly answerAttempt: number | null
  readonly cancelRequestedAt: number | null
  readonly streaming: boolean
  /** Whether the lost attempt has bytes in the log. */
  readonly hasOutput: boolean
}

/** Decides how a lost job ends. Undefined: it does not end, and runs again. */
export const afterLoss = (job: LostJob): Finish | undefined => {
  if (job.cancelRequestedAt !== null) return CANCELLED
  if (job.streaming && job.hasOutput) {
    return {
      state: 'failed',
      answerAttempt: job.attempt,
      errorCode: 'worker_lost',
      errorMessage: 'the worker was lost while it streamed the answer',
    }
  }
  if (!job.wasAlone || job.lostCount + 1 < MAX_LOSSES) return undefined
  return {
    state: 'failed',
    answerAttempt: job.answerAttempt,
    errorCode: 'worker_lost',
    errorMessage: `the worker was lost ${MAX_LOSSES} times while it ran this`,
  }
}
