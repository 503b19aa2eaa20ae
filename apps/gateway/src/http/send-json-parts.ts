import type { ServerResponse } from 'node:http'
import { TimeSlice } from './slices.ts'

/** A shorter answer is sent in one write, with its length. */
const SHORT_BYTES = 64 * 1024

/** What comes in steps. It may take its time between them. */
type InSteps<T> = AsyncIterable<T> | Iterable<T>

/** Stands among parts when the next one may take its time: the caller gets now what has come so far. */
export const SEND_NOW = Symbol('send now')

/** JSON in parts. */
export type JsonParts = InSteps<string | Uint8Array | typeof SEND_NOW>

/** A JSON array in parts, one for each step. Others are served between parts, so a step without elements has one, too. */
export const jsonArray = async function* (steps: InSteps<readonly string[]>): AsyncGenerator<string, void> {
  let isFirst = true
  yield '['
  for await (const elements of steps) {
    yield (isFirst || elements.length === 0 ? '' : ',') + elements.join(',')
    isFirst &&= elements.length === 0
  }
  yield ']'
}

export interface SendPartsOptions {
  readonly status: number
  /** A caller that reads nothing for this long is disconnected. */
  readonly stallMs: number
  /** Default: application/json. */
  readonly contentType?: string
  /** Further headers of the answer. */
  readonly headers?: Readonly<Record<string, string>>
}

/**
 * Answers with JSON that comes in parts, as fast as the caller reads. Only a few parts are in memory at a time, and other
 * callers are served in between.
 *
 * @throws what the parts throw. If the answer has begun by then, the error handler disconnects the caller
 */
export const sendJsonParts = async (
  response: ServerResponse,
  parts: JsonParts,
  { status, stallMs, contentType = 'application/json', headers }: SendPartsOptions,
): Promise<void> => {
  const slice = new TimeSlice()
  const head = { 'Content-Type': contentType, ...headers }
  let gathered: Uint8Array[] = []
  let length = 0
  for await (const part of parts) {
    if (part !== SEND_NOW) {
      const bytes = typeof part === 'string' ? Buffer.from(part) : part
      gathered.push(bytes)
      length += bytes.byteLength
    }
    if (slice.isOver) await slice.rest()
    if (response.destroyed) return
    if (length < SHORT_BYTES && part !== SEND_NOW) continue
    if (!response.headersSent) response.writeHead(status, head)
    response.write(Buffer.concat(gathered))
    gathered = []
    length = 0
    if (!(await isReady(response, stallMs))) return
  }
  if (response.destroyed) return
  if (!response.headersSent) response.writeHead(status, { ...head, 'Content-Length': length })
  response.end(Buffer.concat(gathered))
}

/** Waits until the caller has read enough. @returns false when the caller is gone */
const isReady = async (response: ServerResponse, stallMs: number): Promise<boolean> => {
  if (response.writableNeedDrain && !response.destroyed) {
    const { promise, resolve } = Promise.withResolvers<void>()
    const timer = setTimeout(() => response.destroy(), stallMs)
    response.once('drain', resolve).once('close', resolve)
    await promise
    response.off('drain', resolve).off('close', resolve)
    clearTimeout(timer)
  }
  return !response.destroyed
}
