import { eventOf } from '@foreman/job-view'
import { isEndState } from '@foreman/jobs'
import type { JobRecord, LogEntry } from '@foreman/store'
import type { ServerResponse } from 'node:http'
import type { FollowOptions } from '../answer/follow-options.ts'
import { WakeUps } from '../answer/wake-ups.ts'
import { sendHeadNow } from '../http/send-head.ts'
import { TimeSlice } from '../http/slices.ts'

/** The status that tells a browser's EventSource not to connect again. */
const NO_MORE = 204

/**
 * Sends the events of a job: all that have happened, and then each as it happens, up to the end of the job. A client
 * that lost its connection resumes after the last event that it has.
 *
 * @param after the id of that event, or 0
 */
export const streamEvents = async (
  job: Pick<JobRecord, 'seq' | 'state'>,
  after: number,
  response: ServerResponse,
  options: FollowOptions,
): Promise<void> => {
  const { store, patience, cutOff } = options
  if (isEndState(job.state) && store.records.log(job.seq, after).length === 0)
    return void response.writeHead(NO_MORE).end()
  response.writeHead(200, {
    'Content-Type': 'text/event-stream',
    'Cache-Control': 'no-cache',
    'X-Accel-Buffering': 'no',
  })
  sendHeadNow(response)
  const wakeUps = new WakeUps(job.seq, response, options)
  let last = after
  try {
    while (!response.destroyed && !cutOff.aborted) {
      if (await wakeUps.untilWritable(patience.stallMs)) continue
      // The state is read before the log: if the job ends in between, the next look sees that.
      const [state, entries] = await wakeUps.read(
        () => [store.output.view(job.seq)?.state, store.records.log(job.seq, last)] as const,
      )
      const slice = new TimeSlice()
      for (const entry of entries) {
        if (slice.isOver) await slice.rest()
        if (response.destroyed) return
        response.write(eventOf(entry))
      }
      last = entries.at(-1)?.id ?? last
      if (entries.some(isEnd)) break
      if (entries.length > 0) continue
      // The job was deleted meanwhile, or the client has asked for events after the last one.
      if (state === undefined || isEndState(state)) break
      if (!(await wakeUps.next(patience.heartbeatMs))) response.write(': keep-alive\n\n')
    }
  } finally {
    wakeUps.stop()
  }
  response.end()
}

/** The event of the end is written in the same transaction as the end. No event follows it. */
const isEnd = (entry: LogEntry): boolean => entry.kind === 'event' && isEndState(entry.event.type)
