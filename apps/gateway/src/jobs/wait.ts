import { isTerminal, type JobRecord } from '@foreman/store'
import type { ServerResponse } from 'node:http'
import { attend } from '../attend.ts'
import type { FollowOptions } from './event-stream.ts'

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
      if (state === undefined || isTerminal(state) || restMs <= 0) return
      if (response.destroyed || cutOff.aborted) return
      await signal.next(restMs)
    }
  } finally {
    end()
  }
}
