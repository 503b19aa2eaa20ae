import { isEndState } from '@foreman/jobs'
import type { GeneratingEndpoint } from '@foreman/ollama-client'
import type { Logger } from '@foreman/process/logger'
import type { JobRef, JobView, OutputCursor } from '@foreman/store'
import type { ServerResponse } from 'node:http'
import { type Asked, CallerResponse } from './caller-response.ts'
import { messageInsteadOfAnswer } from './end-of-job.ts'
import type { FollowOptions } from './follow-options.ts'
import { WakeUps } from './wake-ups.ts'

export interface RelayOptions extends FollowOptions {
  readonly endpoint: GeneratingEndpoint
  /** Whether the caller gets the answer piece by piece. Otherwise it gets the answer once that is complete. */
  readonly streaming: boolean
  readonly asked: Asked
  readonly logger: Logger
  readonly now: () => number
  /** Called when the job begins to wait for its turn, and when it no longer waits. */
  readonly onWaiting: (isWaiting: boolean) => void
}

/**
 * How a relay ended. `left`: the caller disconnected, or was disconnected, before it had everything. `cut_off`: the
 * gateway stopped. `broke_off`: the bytes that the caller has belong to an attempt that is void.
 */
export type RelayEnd = 'delivered' | 'left' | 'cut_off' | 'broke_off'

/**
 * Sends a job's answer to its caller, byte for byte as the target sent it, as fast as the caller reads. Only one read of
 * the file is in memory at a time.
 */
export const relay = async (
  job: JobRef,
  response: ServerResponse,
  options: RelayOptions,
): Promise<RelayEnd> => {
  const { store, cutOff, endpoint, streaming, asked, now, patience } = options
  const wakeUps = new WakeUps(job.seq, response, options)
  const out = new CallerResponse({ job, response, endpoint, streaming, asked, now })
  let cursor: OutputCursor | undefined
  let isWaiting = true
  const noteState = ({ state }: JobView) => {
    if ((state === 'queued') === isWaiting) return
    isWaiting = state === 'queued'
    options.onWaiting(isWaiting)
  }
  let heardAt = performance.now()
  /** Waits for a change. A caller that has heard nothing for too long gets a heartbeat. */
  const nothingNew = async () => {
    const silenceMs = streaming || out.hasBegun ? patience.heartbeatMs : patience.holdMs
    const restMs = heardAt + silenceMs - performance.now()
    if (restMs > 0 && (await wakeUps.next(restMs))) return
    out.keepAlive()
    heardAt = performance.now()
  }
  try {
    for (;;) {
      if (response.destroyed) return 'left'
      if (cutOff.aborted) {
        out.interrupt(503, 'foreman is being stopped', { 'Retry-After': '5' })
        return 'cut_off'
      }
      if (await wakeUps.untilWritable(patience.stallMs)) continue
      const view = streaming ? undefined : await wakeUps.read(() => store.output.view(job.seq))
      if (view && !isEndState(view.state)) {
        noteState(view)
        await nothingNew()
        continue
      }
      if (view && messageInsteadOfAnswer(view) !== null) {
        // Not even the beginning of an answer that is incomplete: without it the caller can still get a status.
        out.end(view)
        return 'delivered'
      }
      const read = await wakeUps.read(() => store.output.read(job.seq, cursor))
      if (!read) throw new Error(`job ${job.id} is gone while its caller waits`)
      noteState(read.job)
      if (out.hasBody && read.cursor?.attempt !== cursor?.attempt) {
        out.takeBack(read.job)
        return 'broke_off'
      }
      cursor = read.cursor
      for (const piece of read.pieces) out.send(piece)
      if (read.pieces.length > 0) {
        heardAt = performance.now()
        continue
      }
      if (isEndState(read.job.state)) {
        out.end(read.job)
        return 'delivered'
      }
      await nothingNew()
    }
  } catch (error) {
    if (!response.destroyed) throw error
    // The caller left while the file could not be read. Its job still has to be cancelled.
    options.logger.warn({ err: error, job: job.id }, 'a relay failed after its caller had left')
    return 'left'
  } finally {
    wakeUps.stop()
  }
}
