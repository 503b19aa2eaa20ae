import { isEndState } from '@foreman/jobs'
import type { JobRecord, OutputCursor } from '@foreman/store'
import type { ServerResponse } from 'node:http'
import { problem, retryLater } from '../http/refusal.ts'
import { breakOffSoon } from '../http/send-head.ts'
import type { StoredRequestOptions } from '../intake/stored-request.ts'
import { beat, type Foretelling } from './beat.ts'
import { CallerResponse } from './caller-response.ts'
import { continues } from './continues.ts'
import { isAnswerIncomplete } from './end-of-job.ts'
import { expectedForm } from './expected-form.ts'
import { type FollowOptions, patienceFor } from './follow-options.ts'
import { WakeUps } from './wake-ups.ts'

export interface RawStreamOptions
  extends FollowOptions, Foretelling, Pick<StoredRequestOptions, 'bodyMemory'> {
  readonly now: () => number
}

/**
 * Sends the answer of a job as the target sent it, from the beginning and as it comes. While the job waits, it sends a status
 * and heartbeats, as to any other caller. The connection is cut when the bytes that were sent turn out not to be the answer,
 * or not all of it. While the queue cannot be read, the caller waits as if there were nothing new.
 *
 * @throws Refusal with 409 when the job has ended without an answer
 * @throws Refusal with 503 when the gateway stops before anything was sent, or the request does not fit into memory now
 */
export const streamAnswer = async (
  job: Pick<JobRecord, 'seq' | 'id' | 'endpoint' | 'path' | 'model'>,
  response: ServerResponse,
  options: RawStreamOptions,
): Promise<void> => {
  const { store, cutOff, now } = options
  const noAnswer = `job ${job.id} has ended without an answer that is kept`
  const form = await expectedForm(job, options)
  if (!form) throw problem(409, 'no_answer', noAnswer)
  const patience = patienceFor(form, options.patience)
  const out = new CallerResponse({ ...form, job, response, now })
  const wakeUps = new WakeUps(job.seq, response, options)
  let cursor: OutputCursor | undefined
  let isWaiting = true
  const nothingNew = () =>
    wakeUps.untilNews(
      () => out.silenceMs(patience),
      () => void beat(out, job, { ...options, isWaiting: () => isWaiting }),
    )
  try {
    while (!response.destroyed) {
      if (cutOff.aborted) {
        if (!out.hasBegun) throw retryLater(503, 'foreman is being stopped', 5)
        return breakOffSoon(response)
      }
      if (await wakeUps.untilWritable(patience.stallMs)) continue
      const looked = await wakeUps.look(() => store.output.read(job.seq, cursor))
      if (wakeUps.isOver) continue
      if (looked === 'not_now') {
        await nothingNew()
        continue
      }
      const { seen } = looked
      if (!seen && !out.hasBody) return out.interrupt(502, 'the queue no longer has this job')
      if (!seen || (out.hasBody && !continues(cursor, seen))) return breakOffSoon(response)
      cursor = seen.cursor
      isWaiting = seen.job.state === 'queued'
      out.note(seen.job)
      for (const piece of seen.pieces) out.send(piece)
      if (seen.pieces.length > 0) wakeUps.noteSent()
      if (seen.more || response.writableNeedDrain) continue
      if (isEndState(seen.job.state)) {
        if (!cursor && out.hasBegun) return out.interrupt(502, seen.job.errorMessage ?? noAnswer)
        if (!cursor) throw problem(409, 'no_answer', noAnswer)
        return isAnswerIncomplete(seen.job) ? breakOffSoon(response) : out.end(seen.job)
      }
      await nothingNew()
    }
  } finally {
    wakeUps.stop()
  }
}
