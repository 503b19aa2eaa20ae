import { isEndState } from '@foreman/jobs'
import type { JobRecord, OutputCursor } from '@foreman/store'
import type { ServerResponse } from 'node:http'
import { writeRelayedHead } from '../http/headers.ts'
import { problem } from '../http/refusal.ts'
import { breakOff } from '../http/send-head.ts'
import { isAnswerIncomplete } from './end-of-job.ts'
import type { FollowOptions } from './follow-options.ts'
import { WakeUps } from './wake-ups.ts'

/**
 * Sends the answer of a job as the target sent it, from the beginning and as it comes. The connection is cut when the
 * bytes that were sent turn out not to be the answer, or not all of it.
 *
 * @throws Refusal with 409 when the job has ended without an answer
 */
export const streamAnswer = async (
  job: Pick<JobRecord, 'seq' | 'id'>,
  response: ServerResponse,
  options: FollowOptions,
): Promise<void> => {
  const { store, patience, cutOff } = options
  const wakeUps = new WakeUps(job.seq, response, options)
  let cursor: OutputCursor | undefined
  try {
    while (!response.destroyed) {
      if (cutOff.aborted) return breakOff(response)
      if (await wakeUps.untilWritable(patience.stallMs)) continue
      const read = await wakeUps.read(() => store.output.read(job.seq, cursor))
      const isOtherAttempt = response.headersSent && read?.cursor?.attempt !== cursor?.attempt
      if (!read || isOtherAttempt) return breakOff(response)
      cursor = read.cursor
      for (const piece of read.pieces) {
        if (piece.kind === 'body') response.write(piece.bytes)
        else writeRelayedHead(response, piece.head)
      }
      if (read.pieces.length > 0) continue
      if (isEndState(read.job.state)) {
        if (!response.headersSent)
          throw problem(409, 'no_answer', `job ${job.id} has ended without an answer that is kept`)
        return isAnswerIncomplete(read.job) ? breakOff(response) : void response.end()
      }
      await wakeUps.next(patience.heartbeatMs)
    }
  } finally {
    wakeUps.stop()
  }
}
