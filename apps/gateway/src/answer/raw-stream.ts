import { isEndState } from '@foreman/jobs'
import { type JobRecord, type JobView, type OutputCursor } from '@foreman/store'
import type { ServerResponse } from 'node:http'
import { relayedHeaders } from '../http/headers.ts'
import { problem } from '../http/refusal.ts'
import type { FollowOptions } from '../jobs/event-stream.ts'
import { attend } from './wake-ups.ts'

/**
 * Sends the answer of a job as the target sent it, from the beginning and as it comes. When what has been sent turns
 * out not to be the answer, or not the whole of it, the connection is cut.
 * @throws Refusal with 409 when the job has ended without any
 */
export const streamAnswer = async (
  job: JobRecord,
  response: ServerResponse,
  { store, followers, patience, cutOff }: FollowOptions,
): Promise<void> => {
  const { signal, end } = attend(job.seq, response, { followers, cutOff })
  let cursor: OutputCursor | undefined
  try {
    while (!response.destroyed) {
      if (cutOff.aborted) return void response.destroy()
      if (response.writableNeedDrain) {
        if (!(await signal.next(patience.stallMs))) response.destroy()
        continue
      }
      const read = store.output.read(job.seq, cursor)
      if (!read) return void response.destroy()
      if (response.headersSent && read.cursor?.attempt !== cursor?.attempt) return void response.destroy()
      cursor = read.cursor
      for (const piece of read.pieces) {
        if (piece.kind === 'body') response.write(piece.bytes)
        else response.writeHead(piece.head.status, relayedHeaders(piece.head.headers))
      }
      if (read.pieces.length > 0) continue
      if (isEndState(read.job.state)) {
        if (!response.headersSent)
          throw problem(409, 'no_answer', `job ${job.id} has ended without an answer that is kept`)
        return void (isBroken(read.job) ? response.destroy() : response.end())
      }
      await signal.next(patience.heartbeatMs)
    }
  } finally {
    end()
  }
}

/** A message stands where the answer is missing or broken; an earlier attempt's answer is whole. */
const isBroken = ({ errorMessage, attempt, answerAttempt }: JobView): boolean =>
  errorMessage !== null && answerAttempt === attempt
