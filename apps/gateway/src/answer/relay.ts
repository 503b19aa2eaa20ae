import { isEndState } from '@foreman/jobs'
import type { GeneratingEndpoint, ShownWait } from '@foreman/ollama-client'
import type { JobRef, JobView, OutputCursor } from '@foreman/store'
import type { ServerResponse } from 'node:http'
import { beat, type Foretelling } from './beat.ts'
import { type Asked, CallerResponse } from './caller-response.ts'
import { continues } from './continues.ts'
import { messageInsteadOfAnswer } from './end-of-job.ts'
import type { FollowOptions } from './follow-options.ts'
import { WaitTeller } from './wait-teller.ts'
import { WakeUps } from './wake-ups.ts'

export interface RelayOptions extends FollowOptions, Foretelling {
  readonly endpoint: GeneratingEndpoint
  /** Whether the caller gets the answer piece by piece. Otherwise it gets the answer once that is complete. */
  readonly streaming: boolean
  readonly asked: Asked
  /** How the caller of a stream is shown its wait. Undefined: not at all. */
  readonly shownWait: ShownWait | undefined
  readonly now: () => number
  /** Called when the job begins to wait for its turn, and when it no longer waits. */
  readonly onWaiting: (isWaiting: boolean) => void
}

/**
 * How a relay ended. `left`: the caller disconnected, or was disconnected, before it had everything. `cut_off`: the
 * gateway stopped. `broke_off`: the bytes that the caller has belong to an attempt that is void. `gone`: the job was
 * deleted.
 */
export type RelayEnd = 'delivered' | 'left' | 'cut_off' | 'broke_off' | 'gone'

/**
 * Sends a job's answer to its caller, byte for byte as the target sent it, as fast as the caller reads. Only one read of
 * the queue is in memory at a time. While the queue cannot be read, the caller waits as if there were nothing new.
 */
export const relay = async (
  job: JobRef,
  response: ServerResponse,
  options: RelayOptions,
): Promise<RelayEnd> => {
  const { store, cutOff, endpoint, streaming, asked, shownWait, now, patience } = options
  const wakeUps = new WakeUps(job.seq, response, options)
  const out = new CallerResponse({ job, response, endpoint, streaming, asked, shownWait, now })
  let cursor: OutputCursor | undefined
  let isWaiting = true
  const foretelling = { ...options, isWaiting: () => isWaiting }
  const teller = new WaitTeller(out, job, foretelling)
  const noteState = (view: JobView) => {
    const { state } = view
    out.note(view)
    if ((state === 'queued') === isWaiting) return
    isWaiting = state === 'queued'
    options.onWaiting(isWaiting)
  }
  const nothingNew = () =>
    wakeUps.untilNews(
      () => out.silenceMs(patience),
      () => void beat(out, job, foretelling),
    )
  /** A caller that waits for the whole answer is sent nothing of it before the job has ended. */
  const look = () =>
    wakeUps.look(async () => {
      const view = streaming ? undefined : await store.output.view(job.seq)
      if (view && !isEndState(view.state)) return { job: view, cursor, pieces: [], more: false }
      // Not even the beginning of an answer that is incomplete: without it the caller can still get a status.
      if (view && messageInsteadOfAnswer(view) !== null) return { job: view, cursor, pieces: [], more: false }
      return store.output.read(job.seq, cursor)
    })
  try {
    for (;;) {
      if (cutOff.aborted) {
        // A gateway that stops may have cut the connection while the loop waited for a look.
        if (!response.destroyed) out.interrupt(503, 'foreman is being stopped', { 'Retry-After': '5' })
        return 'cut_off'
      }
      if (response.destroyed) return 'left'
      if (await wakeUps.untilWritable(patience.stallMs)) continue
      const looked = await look()
      if (wakeUps.isOver) continue
      if (looked === 'not_now') {
        await nothingNew()
        continue
      }
      const { seen } = looked
      if (!seen) {
        out.interrupt(502, 'the queue no longer has this job')
        return 'gone'
      }
      noteState(seen.job)
      if (out.hasBody && !continues(cursor, seen)) {
        out.takeBack(seen.job)
        return 'broke_off'
      }
      cursor = seen.cursor
      for (const piece of seen.pieces) out.send(piece)
      if (seen.pieces.length > 0) wakeUps.noteSent()
      // The answer is delivered when its caller has read it.
      if (seen.more || response.writableNeedDrain) continue
      if (isEndState(seen.job.state)) {
        out.end(seen.job)
        return 'delivered'
      }
      await nothingNew()
    }
  } catch (error) {
    if (!response.destroyed) throw error
    // The caller left while the queue could not be read. Its job still has to be cancelled.
    options.logger.warn({ err: error, job: job.id }, 'a relay failed after its caller had left')
    return cutOff.aborted ? 'cut_off' : 'left'
  } finally {
    teller.stop()
    wakeUps.stop()
  }
}
