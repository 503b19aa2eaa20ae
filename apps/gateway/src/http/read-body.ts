import type { IncomingMessage } from 'node:http'
import { Refusal } from './refusal.ts'

/** The caller disconnected before it had sent the whole body, so nobody is left to answer. */
export class HalfSentError extends Error {
  override readonly name = 'HalfSentError'
}

/** How long a caller may take to send its body. */
const UPLOAD_TIMEOUT_MS = 300_000

/**
 * Reads the whole body of a request.
 *
 * @throws Refusal with 413 as soon as the body is known to be longer than `maxBytes`
 * @throws Refusal with 408 when the body does not arrive within five minutes
 * @throws HalfSentError when the caller disconnects before that
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
