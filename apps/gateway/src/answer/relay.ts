import { isEndState } from '@foreman/jobs'
import type { GeneratingEndpoint } from '@foreman/ollama-client'
import { type JobRef, type JobView, type OutputCursor, type Store } from '@foreman/store'
import type { ServerResponse } from 'node:http'
import { Outgoing } from './caller-response.ts'
import type { Followers } from './log-followers.ts'
import { attend } from './wake-ups.ts'

export interface RelayOptions {
  readonly store: Store
  readonly followers: Followers
  readonly endpoint: GeneratingEndpoint
  /** The caller gets the answer in pieces, as they come; else in one, once it is complete. */
  readonly inPieces: boolean
  readonly patience: Patience
  /** Called when the job begins to wait for its turn, and when it no longer does. */
  readonly onWaiting: (isWaiting: boolean) => void
  /** Aborted when the gateway's time is up. */
  readonly cutOff: AbortSignal
}

/** How long who waits for what, in ms. */
export interface Patience {
  /** A caller of pieces hears from foreman this often. */
  readonly heartbeatMs: number
  /** A caller of one piece gets its headers after this, and then hears from foreman as often. */
  readonly holdMs: number
  /** A caller that takes nothing for this long is dropped. */
  readonly stallMs: number
}

/**
 * How a relay ended. `left`: the caller went away, or was dropped, before it had everything. `broke_off`: what it has
 * is of an attempt that is void.
 */
export type RelayEnd = 'delivered' | 'left' | 'cut_off' | 'broke_off'

/**
 * Sends a job's answer to its caller, byte for byte as the target sent it, at the caller's pace: no more of it is
 * in memory than one read of the file.
 */
export const relay = async (
  job: JobRef,
  response: ServerResponse,
  options: RelayOptions,
): Promise<RelayEnd> => {
  const { store, cutOff, inPieces, patience } = options
  const { signal, end } = attend(job.seq, response, options)
  const out = new Outgoing(job, response, options.endpoint, inPieces)
  let cursor: OutputCursor | undefined
  let isWaiting = true
  const noteState = ({ state }: JobView) => {
    if ((state === 'queued') === isWaiting) return
    isWaiting = state === 'queued'
    options.onWaiting(isWaiting)
  }
  let heardAt = performance.now()
  /** Waits for something to happen; when the caller has heard nothing for long, lets it know that it is not forgotten. */
  const nothingNew = async () => {
    const silenceMs = inPieces || out.hasBegun ? patience.heartbeatMs : patience.holdMs
    const restMs = heardAt + silenceMs - performance.now()
    if (restMs > 0 && (await signal.next(restMs))) return
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
      if (response.writableNeedDrain) {
        if (!(await signal.next(patience.stallMs))) response.destroy()
        continue
      }
      const view = inPieces ? undefined : store.output.view(job.seq)
      if (view && !isEndState(view.state)) {
        noteState(view)
        await nothingNew()
        continue
      }
      const read = store.output.read(job.seq, cursor)
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
  } finally {
    end()
  }
}
