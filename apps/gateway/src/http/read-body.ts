import type { IncomingMessage } from 'node:http'
import { Refusal } from './refusal.ts'

/** Thrown when the caller went away before its request was whole. There is nobody to answer. */
export class HalfSentError extends Error {
  override readonly name = 'HalfSentError'
}

/** How long a body may take to arrive. */
const UPLOAD_TIMEOUT_MS = 300_000

/**
 * The whole body.
 *
 * @throws Refusal with 413 as soon as it is known to be longer than `maxBytes`, with 408 when it does not arrive in
 *   five minutes; HalfSentError
 */
export const readBody = (request: IncomingMessage, maxBytes: number): Promise<Buffer> =>
  new Promise((resolve, reject) => {
    const tooLarge = () => new Refusal(413, `the request body is larger than ${maxBytes} bytes`)
    if (Number(request.headers['content-length'] ?? 0) > maxBytes) return reject(tooLarge())
    const pieces: Buffer[] = []
    let length = 0
    const onData = (piece: Buffer) => {
      length += piece.byteLength
      if (length <= maxBytes) return void pieces.push(piece)
      request.off('data', onData)
      pieces.length = 0
      reject(tooLarge())
    }
    const late = () => reject(new Refusal(408, 'the request body did not arrive in time'))
    const timer = setTimeout(late, UPLOAD_TIMEOUT_MS)
    request.on('data', onData)
    request.on('end', () => resolve(Buffer.concat(pieces)))
    request.on('error', error => reject(new HalfSentError('the request broke off', { cause: error })))
    request.on('close', () => {
      clearTimeout(timer)
      reject(new HalfSentError('the request broke off'))
    })
  })
