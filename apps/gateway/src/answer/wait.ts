import { isEndState } from '@foreman/jobs'
import { type JobRecord } from '@foreman/store'
import type { ServerResponse } from 'node:http'
import type { FollowOptions } from '../jobs/event-stream.ts'
import { attend } from './wake-ups.ts'

/** Waits until the job has ended, but no longer than `waitMs`, nor than its caller or the gateway is there. */
export const untilEnded = async (
  job: JobRecord,
  waitMs: number,
  response: ServerResponse,
  { store, followers, cutOff }: FollowOptions,
): Promise<void> => {
  const deadline = performance.now() + waitMs
  const { signal, end } = attend(job.seq, response, { followers, cutOff })
  try {
    for (;;) {
      const state = store.output.view(job.seq)?.state
      const restMs = deadline - performance.now()
      if (state === undefined || isEndState(state) || restMs <= 0) return
      if (response.destroyed || cutOff.aborted) return
      await signal.next(restMs)
    }
  } finally {
    end()
  }
}
