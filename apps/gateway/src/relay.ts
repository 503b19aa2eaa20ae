import type { Dialect } from '@foreman/ollama-client'
import {
  isTerminal,
  type JobRef,
  type JobView,
  type OutputCursor,
  type OutputPiece,
  type ResponseHead,
  type Store,
} from '@foreman/store'
import type { ServerResponse } from 'node:http'
import type { Followers } from './followers.ts'
import { relayedHeaders } from './headers.ts'

export interface RelayOptions {
  readonly store: Store
  readonly followers: Followers
  readonly dialect: Dialect
  /** The caller gets the bytes as they come, not once they are complete. */
  readonly streams: boolean
  /** Aborted when the gateway's time is up. */
  readonly cutOff: AbortSignal
}

/** How a relay ended. `left`: the caller went away before it had everything. */
export type RelayEnd = 'delivered' | 'left' | 'cut_off'

const STATUS_CLIENT_GONE = 499
const LINE_FEED = 0x0a

/**
 * Sends a job's answer to its caller, byte for byte as the target sent it, at the caller's pace: no more of it is
 * in memory than one read of the file.
 */
export const relay = async (
  job: JobRef,
  response: ServerResponse,
  options: RelayOptions,
): Promise<RelayEnd> => {
  const { store, followers, cutOff } = options
  const signal = new Signal()
  const unfollow = followers.follow(job.seq, signal.raise)
  response.on('close', signal.raise)
  response.on('drain', signal.raise)
  cutOff.addEventListener('abort', signal.raise)
  const out = new Outgoing(job, response, options.dialect)
  let cursor: OutputCursor | undefined
  try {
    for (;;) {
      if (response.destroyed) return 'left'
      if (cutOff.aborted) {
        out.interrupt(503, 'foreman is being stopped', { 'Retry-After': '5' })
        return 'cut_off'
      }
      if (response.writableNeedDrain) {
        await signal.next()
        continue
      }
      if (!options.streams && isUnderWay(store, job)) {
        await signal.next()
        continue
      }
      const read = store.output.read(job.seq, cursor)
      if (!read) throw new Error(`job ${job.id} is gone while its caller waits`)
      cursor = read.cursor
      for (const piece of read.pieces) out.send(piece)
      if (read.pieces.length > 0) continue
      if (isOver(read.job)) {
        out.end(read.job)
        return 'delivered'
      }
      await signal.next()
    }
  } finally {
    unfollow()
    response.off('close', signal.raise)
    response.off('drain', signal.raise)
    cutOff.removeEventListener('abort', signal.raise)
  }
}

const isUnderWay = (store: Store, { seq }: JobRef): boolean => {
  const view = store.output.view(seq)
  return view !== undefined && !isOver(view)
}

const isOver = ({ state }: JobView): boolean => isTerminal(state)

/** Something to wait for that is raised by others, once or often; what was raised meanwhile is not missed. */
class Signal {
  #raised = false
  #wake: (() => void) | undefined

  readonly raise = (): void => {
    this.#raised = true
    this.#wake?.()
  }

  async next(): Promise<void> {
    if (!this.#raised) await new Promise<void>(resolve => (this.#wake = resolve))
    this.#raised = false
    this.#wake = undefined
  }
}

/** The response as it is built from a job's output. */
class Outgoing {
  readonly #job: JobRef
  readonly #response: ServerResponse
  readonly #dialect: Dialect
  /** Kept until there is a byte to go with it: another attempt may still bring another. */
  #head: ResponseHead | undefined
  #lastByte: number | undefined

  constructor(job: JobRef, response: ServerResponse, dialect: Dialect) {
    this.#job = job
    this.#response = response
    this.#dialect = dialect
  }

  send(piece: OutputPiece): void {
    if (piece.kind === 'head') {
      this.#head = piece.head
      return
    }
    this.#sendHead()
    this.#response.write(piece.bytes)
    this.#lastByte = piece.bytes.at(-1)
  }

  /** Ends as the job ended. */
  end({ state, attempt, answerAttempt, errorMessage }: JobView): void {
    if (state === 'cancelled') return this.interrupt(STATUS_CLIENT_GONE, 'request canceled')
    // A message stands where the answer is missing or broken; an earlier attempt's answer is the target's own word.
    if (errorMessage !== null && (answerAttempt === null || answerAttempt === attempt)) {
      return this.interrupt(502, errorMessage)
    }
    this.#sendHead()
    this.#response.end()
  }

  /** Tells the caller that there will be no (more) answer, in whichever way is left. */
  interrupt(status: number, message: string, headers: Record<string, string> = {}): void {
    const response = this.#response
    if (!response.headersSent) {
      const { contentType, body } = this.#dialect.error(message)
      response.writeHead(status, {
        ...headers,
        'Content-Type': contentType,
        'Content-Length': body.byteLength,
        'X-Foreman-Job-Id': this.#job.id,
      })
      response.end(body)
    } else if (response.hasHeader('content-length') || this.#head?.headers.some(isContentLength)) {
      // It was promised in full: only a broken connection says that it is not.
      response.destroy()
    } else {
      if (this.#lastByte !== undefined && this.#lastByte !== LINE_FEED) response.write('\n')
      response.end(this.#dialect.errorAfter(message))
    }
  }

  #sendHead(): void {
    if (this.#response.headersSent) return
    const head = this.#head
    if (!head) throw new Error(`job ${this.#job.id} has output without a head`)
    this.#response.writeHead(head.status, relayedHeaders(head.headers, [['X-Foreman-Job-Id', this.#job.id]]))
  }
}

const isContentLength = ([name]: readonly [string, string]): boolean =>
  name.toLowerCase() === 'content-length'
