import type { JobErrorCode } from '@foreman/jobs'
import type { Socket } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'

/** What a target answers when it is well. */
export interface GoodAnswer {
  readonly contentType: string
  /** The last one is the last piece of the stream; an answer that is no stream has one. */
  readonly pieces: readonly Buffer[]
}

/** How a job may end that gets an answer, and how often it may be generated, by docs/job-lifecycle.md. */
export interface Allowed {
  /** Undefined: in any way. */
  readonly ends?: readonly (JobErrorCode | 'succeeded')[]
  readonly generations: number
  /** Whether the job goes on for a minute or longer, so that nobody waits for its end. */
  readonly isLong?: boolean
  /** Whether the job ends only when a time is over. */
  readonly isSlow?: boolean
}

/** One kind of answer that an odd target gives. */
export interface OddKind {
  readonly allowed: Allowed
  readonly answer: (socket: Socket, good: GoodAnswer) => void | Promise<void>
}

export const MAX_ATTEMPTS = 2
/** A job that a proxy refuses while the target is there is tried this often. */
const MAX_FOREIGN_REFUSALS = 8

export const whole: Allowed = { ends: ['succeeded'], generations: 1 }
export const refused: Allowed = { ends: ['http_error'], generations: 1 }
export const elsewhere: Allowed = { ends: ['not_an_answer'], generations: 1 }
/** It depends on the route what the answer is; but it has come, and is not asked for again. */
export const once: Allowed = { generations: 1 }
export const repeated: Allowed = { generations: MAX_ATTEMPTS }
export const timedOut: Allowed = { ...repeated, isSlow: true }
export const ofProxy: Allowed = { generations: MAX_FOREIGN_REFUSALS, isLong: true }

type Bytes = string | Buffer

const buffer = (...parts: readonly Bytes[]): Buffer =>
  Buffer.concat(parts.map(part => (typeof part === 'string' ? Buffer.from(part, 'latin1') : part)))

export const headOf = (lines: readonly string[], status = 'HTTP/1.1 200 OK'): string =>
  [status, ...lines, '\r\n'].join('\r\n')

export const typeOf = ({ contentType }: GoodAnswer): string => `Content-Type: ${contentType}`
export const lengthOf = (body: Buffer, more = 0): string => `Content-Length: ${body.length + more}`
export const CHUNKED = 'Transfer-Encoding: chunked'
export const LAST_CHUNK = '0\r\n\r\n'
export const bodyOf = ({ pieces }: GoodAnswer): Buffer => Buffer.concat(pieces)

export const chunk = (piece: Buffer, extension = ''): Buffer =>
  buffer(`${piece.length.toString(16)}${extension}\r\n`, piece, '\r\n')

/** The good answer in chunks, without the last one. */
export const openChunks = (good: GoodAnswer, pieces = good.pieces): Buffer =>
  buffer(headOf([typeOf(good), CHUNKED]), ...pieces.map(piece => chunk(piece)))

/** Writes bytes and closes. */
export const says = (allowed: Allowed, bytes: (good: GoodAnswer) => readonly Bytes[]): OddKind => ({
  allowed,
  answer: (socket, good) => void socket.end(buffer(...bytes(good))),
})

/** Writes bytes, and then something happens to the connection. */
export const saysThen = (
  allowed: Allowed,
  bytes: (good: GoodAnswer) => readonly Bytes[],
  then: (socket: Socket) => void | Promise<void>,
): OddKind => ({
  allowed,
  answer: async (socket, good) => {
    await new Promise<void>(resolve => socket.write(buffer(...bytes(good)), () => resolve()))
    await then(socket)
  },
})

export const isReset = (socket: Socket): void => void socket.resetAndDestroy()
export const isSilent = (): void => undefined

const POUR_MS = 10

/** Writes the same for as long as the other side reads. */
export const pours =
  (bytes: Buffer) =>
  async (socket: Socket): Promise<void> => {
    while (!socket.destroyed) {
      if (!socket.writableNeedDrain) socket.write(bytes)
      await delay(POUR_MS)
    }
  }

/** Writes byte by byte. */
export const dribbles =
  (bytes: (good: GoodAnswer) => Buffer): OddKind['answer'] =>
  async (socket, good) => {
    for (const byte of bytes(good)) {
      if (socket.destroyed) return
      socket.write(Buffer.of(byte))
      await new Promise(resolve => setImmediate(resolve))
    }
    socket.end()
  }
