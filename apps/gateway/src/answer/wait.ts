import { isEndState } from '@foreman/jobs'
import type { JobRecord } from '@foreman/store'
import type { ServerResponse } from 'node:http'
import type { FollowOptions } from './follow-options.ts'
import { WakeUps } from './wake-ups.ts'

/**
 * Waits until a job has ended, at most for `waitMs`. Returns earlier when the caller leaves, when the job is deleted, and
 * when the gateway stops.
 */
export const untilJobEnded = async (
  job: Pick<JobRecord, 'seq'>,
  waitMs: number,
  response: ServerResponse,
  options: Omit<FollowOptions, 'patience'>,
): Promise<void> => {
  const { store, cutOff } = options
  const deadline = performance.now() + waitMs
  const wakeUps = new WakeUps(job.seq, response, options)
  try {
    for (;;) {
      const state = (await wakeUps.read(() => store.output.view(job.seq)))?.state
      const restMs = deadline - performance.now()
      if (state === undefined || isEndState(state) || restMs <= 0) return
      if (response.destroyed || cutOff.aborted) return
      await wakeUps.next(restMs)
    }
  } finally {
    wakeUps.stop()
  }
}
