import type { Response } from 'express'
import type { Context } from '../context.ts'
import { leaveWhenHalfClosed } from '../http/half-closed.ts'
import { sendHeadNow } from '../http/send-head.ts'
import type { NewsAnswer } from './news.ts'

/** Proxies give up on a stream that says nothing. */
const HEARTBEAT_MS = 15_000

export type StreamContext = Pick<Context, 'overview' | 'stopping' | 'patience'>

/**
 * Sends a snapshot of the queue when it has changed, once a second at the most, and what becomes of jobs. Each snapshot is whole:
 * a watcher that reads slowly gets fewer of them, and has nothing to repair.
 *
 * @param caller who sees only its own part. Undefined: everything is seen
 */
export const streamQueue = (
  caller: string | undefined,
  response: Response,
  { overview, stopping, patience }: StreamContext,
): void => {
  response.writeHead(200, {
    'Content-Type': 'text/event-stream',
    'Cache-Control': 'no-cache',
    'X-Accel-Buffering': 'no',
  })
  sendHeadNow(response)
  leaveWhenHalfClosed(response)
  const watcher = new StreamWatcher(response, caller, patience.stallMs)
  const unwatch = overview.watch.add(watcher)
  const heartbeat = setInterval(() => watcher.beat(), HEARTBEAT_MS)
  const end = () => void response.end()
  stopping.addEventListener('abort', end, { once: true })
  response.once('close', () => {
    clearInterval(heartbeat)
    stopping.removeEventListener('abort', end)
    watcher.close()
    unwatch()
  })
}

class StreamWatcher {
  readonly caller: string | undefined
  readonly #response: Response
  readonly #stallMs: number
  /** The last snapshot, if it could not be sent yet. */
  #late: Uint8Array | undefined
  #stalled: NodeJS.Timeout | undefined

  constructor(response: Response, caller: string | undefined, stallMs: number) {
    this.#response = response
    this.caller = caller
    this.#stallMs = stallMs
    response.on('drain', () => this.#drained())
  }

  readonly tellSnapshot = (body: Uint8Array): void => {
    if (this.#isSlow()) this.#late = body
    else this.#send('queue', body)
  }

  readonly tellNews = ({ jobs, skipped, operations }: NewsAnswer): void => {
    if (this.#isSlow()) return
    const own = this.caller === undefined ? jobs : jobs.filter(({ caller }) => caller === this.caller)
    for (const job of own) this.#send('job', JSON.stringify(job))
    if (this.caller !== undefined) return
    if (skipped > 0) this.#send('skipped', JSON.stringify({ jobs: skipped }))
    for (const operation of operations) this.#send('operation', JSON.stringify(operation))
  }

  beat(): void {
    if (!this.#isSlow()) this.#response.write(': keep-alive\n\n')
  }

  close(): void {
    clearTimeout(this.#stalled)
  }

  /** A watcher that reads nothing for too long is disconnected. */
  #isSlow(): boolean {
    const isSlow = this.#response.writableNeedDrain
    if (isSlow) this.#stalled ??= setTimeout(() => this.#response.destroy(), this.#stallMs)
    return isSlow
  }

  #drained(): void {
    clearTimeout(this.#stalled)
    this.#stalled = undefined
    const late = this.#late
    this.#late = undefined
    if (late) this.#send('queue', late)
  }

  #send(event: string, data: Uint8Array | string): void {
    const response = this.#response
    if (response.destroyed) return
    response.write(`event: ${event}\ndata: `)
    response.write(data)
    response.write('\n\n')
  }
}
