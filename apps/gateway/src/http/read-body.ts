import type { IncomingMessage } from 'node:http'
import { type BodyMemory, type BodyShare, tooManyBytes } from './body-memory.ts'
import { GrowingBuffer } from './growing-buffer.ts'
import { Refusal } from './refusal.ts'

/** The caller disconnected before it had sent the whole body, so nobody is left to answer. */
export class HalfSentError extends Error {
  override readonly name = 'HalfSentError'
}

/** How long a caller may take to send its body. */
const UPLOAD_TIMEOUT_MS = 300_000

export interface BodyLimits {
  readonly maxBytes: number
  readonly memory: BodyMemory
}

/**
 * Reads the whole body of a request, and uses it. Its memory counts until `use` is over, so what takes long without the
 * body is for later.
 *
 * @throws Refusal with 413 as soon as the body is known to be longer than `maxBytes`
 * @throws Refusal with 408 when the upload takes longer than five minutes
 * @throws Refusal with 503 when it is the largest upload of more bodies than fit into memory, or the system has no memory
 *   for it
 * @throws HalfSentError when the caller disconnects before that
 */
export const withBody = async <T>(
  request: IncomingMessage,
  limits: BodyLimits,
  use: (body: Buffer) => Promise<T>,
): Promise<T> => {
  const { body, share } = await readBody(request, limits)
  try {
    return await use(body)
  } finally {
    share.release()
  }
}

const readBody = (
  request: IncomingMessage,
  { maxBytes, memory }: BodyLimits,
): Promise<{ body: Buffer; share: BodyShare }> =>
  new Promise((resolve, reject) => {
    const expectedBytes = Number(request.headers['content-length'] ?? maxBytes)
    const tooLarge = () => new Refusal(413, `the request body is larger than ${maxBytes} bytes`)
    if (expectedBytes > maxBytes) return reject(tooLarge())
    let buffer: GrowingBuffer | undefined = new GrowingBuffer(expectedBytes)
    let length = 0
    const fail = (error: Error) => {
      clearTimeout(timer)
      request.off('data', onData)
      buffer?.discard()
      buffer = undefined
      share.release()
      reject(error)
    }
    const share = memory.open(fail)
    const onData = (piece: Buffer) => {
      length += piece.byteLength
      if (length > maxBytes) return fail(tooLarge())
      try {
        buffer?.append(piece)
      } catch {
        return fail(tooManyBytes())
      }
      share.add(piece.byteLength)
    }
    const timer = setTimeout(
      () => fail(new Refusal(408, 'the request body did not arrive in time')),
      UPLOAD_TIMEOUT_MS,
    )
    const brokenOff = (cause?: Error) => fail(new HalfSentError('the request broke off', { cause }))
    request.on('data', onData)
    request.on('end', () => {
      if (!buffer) return
      clearTimeout(timer)
      request.off('error', brokenOff)
      request.off('close', brokenOff)
      share.complete()
      resolve({ body: buffer.bytes(), share })
    })
    request.on('error', brokenOff)
    request.on('close', brokenOff)
  })
