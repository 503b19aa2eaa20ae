import { isEndState } from '@foreman/jobs'
import type { JobRecord } from '@foreman/store'
import type { ServerResponse } from 'node:http'
import type { FollowOptions } from './follow-options.ts'
import { WakeUps } from './wake-ups.ts'

/**
 * Waits until a job has ended, at most for `waitMs`. Returns earlier when the caller leaves, when the job is deleted, and
 * when the gateway stops. While the queue cannot be read, it goes on waiting.
 */
export const untilJobEnded = async (
  job: Pick<JobRecord, 'seq'>,
  waitMs: number,
  response: ServerResponse,
  options: Omit<FollowOptions, 'patience'>,
): Promise<void> => {
  const { store } = options
  const deadline = performance.now() + waitMs
  const wakeUps = new WakeUps(job.seq, response, options)
  try {
    for (;;) {
      const looked = await wakeUps.look(() => store.output.view(job.seq))
      if (looked !== 'not_now' && (!looked.seen || isEndState(looked.seen.state))) return
      const restMs = deadline - performance.now()
      if (restMs <= 0 || wakeUps.isOver) return
      await wakeUps.next(restMs)
    }
  } finally {
    wakeUps.stop()
  }
}
