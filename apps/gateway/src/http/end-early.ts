import type { IncomingMessage, ServerResponse } from 'node:http'
import { sendHeadNow } from './send-head.ts'

/** How long the connection stays open for a caller that goes on sending its request after its answer. */
const UPLOAD_PATIENCE_MS = 1_000
/** How long foreman still reads from a connection on which it sends nothing more. */
const LINGER_MS = 5_000

/**
 * Ends an answer that may be complete before its request is. What the caller still sends is thrown away, for a while. A
 * caller that is cut off at once might never read the answer: some callers send everything before they read.
 */
export const endEarly = (request: IncomingMessage, response: ServerResponse): void => {
  if (request.complete) return void response.end()
  const stop = () => {
    clearTimeout(timer)
    request.off('end', stop).off('close', stop)
    response.end()
    // Otherwise Node closes the connection.
    if (response.shouldKeepAlive && !request.complete) closeSlowly(request)
  }
  const timer = setTimeout(stop, UPLOAD_PATIENCE_MS)
  request.once('end', stop).once('close', stop)
  sendHeadNow(response)
  request.unpipe()
  request.resume()
}

/** Closes this side of the connection once the answer is sent. The other side closes when the request ends, or later. */
const closeSlowly = (request: IncomingMessage): void => {
  const { socket } = request
  const timer = setTimeout(() => socket.destroy(), LINGER_MS)
  socket.once('close', () => clearTimeout(timer))
  request.once('end', () => socket.destroySoon())
  socket.end()
}
