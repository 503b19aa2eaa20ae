import { eventOf } from '@foreman/job-view'
import { isEndState } from '@foreman/jobs'
import { type JobRecord, type LogEntry, type Store } from '@foreman/store'
import type { ServerResponse } from 'node:http'
import type { Followers } from '../answer/log-followers.ts'
import type { Patience } from '../answer/relay.ts'
import { attend } from '../answer/wake-ups.ts'

export interface FollowOptions {
  readonly store: Store
  readonly followers: Followers
  readonly patience: Patience
  /** Aborted when the gateway's time is up. */
  readonly cutOff: AbortSignal
}

/** To a browser's EventSource, a status that says: do not come again. */
const NO_MORE = 204

/**
 * Sends what has happened to a job and what happens, up to its end. Whoever is cut off goes on behind the last event
 * that it has.
 * @param after the id of that event
 */
export const streamEvents = async (
  job: JobRecord,
  after: number,
  response: ServerResponse,
  { store, followers, patience, cutOff }: FollowOptions,
): Promise<void> => {
  if (isEndState(job.state) && store.records.log(job.seq, after).length === 0)
    return void response.writeHead(NO_MORE).end()
  response.writeHead(200, {
    'Content-Type': 'text/event-stream',
    'Cache-Control': 'no-cache',
    'X-Accel-Buffering': 'no',
  })
  response.flushHeaders()
  const { signal, end } = attend(job.seq, response, { followers, cutOff })
  let last = after
  try {
    while (!response.destroyed && !cutOff.aborted) {
      if (response.writableNeedDrain) {
        if (!(await signal.next(patience.stallMs))) response.destroy()
        continue
      }
      // Before the log: an end that comes between the two is in the next look.
      const state = store.output.view(job.seq)?.state
      const entries = store.records.log(job.seq, last)
      for (const entry of entries) response.write(eventOf(entry))
      last = entries.at(-1)?.id ?? last
      // The last event comes in the transaction of the end, and nothing comes behind it.
      if (entries.some(isEnd)) break
      // Its time was up while it was followed, or it is followed from behind its end.
      if (entries.length === 0 && (state === undefined || isEndState(state))) break
      if (entries.length === 0 && !(await signal.next(patience.heartbeatMs)))
        response.write(': keep-alive\n\n')
    }
  } finally {
    end()
  }
  response.end()
}

const isEnd = (entry: LogEntry): boolean =>
  entry.kind === 'event' && (['succeeded', 'failed', 'cancelled'] as string[]).includes(entry.event.type)
