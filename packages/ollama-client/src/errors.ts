import { STATUS_CODES } from 'node:http'
import { errorText } from './answer/error-text.ts'

/**
 * The exchange failed below HTTP: no connection could be opened, or it broke off before the answer was complete.
 *
 * If `connected` is false, nothing was sent: the connection was refused, the host is unknown, there is no route, or the TLS
 * handshake failed.
 * `anyByte` tells whether any byte of the answer had arrived before it broke off. A client that repeats requests needs it:
 * after a byte, the server has certainly begun to answer.
 * `cause` is Node's own error (`ECONNREFUSED`, `ECONNRESET`, …).
 */
export class ConnectionError extends Error {
  override readonly name = 'ConnectionError'
  readonly code = 'ERR_OLLAMA_CONNECTION'
  readonly connected: boolean
  readonly anyByte: boolean

  constructor(message: string, detail: { cause?: unknown; connected: boolean; anyByte: boolean }) {
    super(message, { cause: detail.cause })
    this.connected = detail.connected
    this.anyByte = detail.anyByte
  }
}

/**
 * The server answered with a status outside 200–299.
 *
 * `message` is the server's own error text (Ollama, OpenAI or Anthropic shape), else the status text.
 * `body` is the whole answer as text.
 */
export class HTTPError extends Error {
  override readonly name = 'HTTPError'
  readonly code = 'ERR_OLLAMA_HTTP'
  readonly status: number
  readonly body: string

  constructor(status: number, body: string, options: { statusMessage?: string; cause?: unknown } = {}) {
    const statusText = options.statusMessage || STATUS_CODES[status] || `HTTP status ${status}`
    super(ollamaErrorMessage(body) || statusText, { cause: options.cause })
    this.status = status
    this.body = body
  }
}

/**
 * A stream that began with status 200 failed: it has an `{"error": …}` line or a line that is not a JSON object, or it ends
 * without a line with `done: true`. For an error line, `message` is Ollama's own text.
 */
export class StreamError extends Error {
  override readonly name = 'StreamError'
  readonly code = 'ERR_OLLAMA_STREAM'
}

/** The bytes of an answer are not what its `Content-Encoding` says. */
export class EncodingError extends Error {
  override readonly name = 'EncodingError'
  readonly code = 'ERR_OLLAMA_ENCODING'
}

/** The server redirects to an address that is not under its base URL. The message names that address. */
export class RedirectError extends Error {
  override readonly name = 'RedirectError'
  readonly code = 'ERR_OLLAMA_REDIRECT'
}

/**
 * Reads the message of an error as Ollama (`{"error":"…"}`), OpenAI (`{"error":{"message":"…"}}`) or Anthropic
 * (`{"type":"error","error":{"message":"…"}}`) sends it.
 * @returns undefined when the body is not such an error
 */
export const ollamaErrorMessage = (body: string | Buffer): string | undefined => {
  let value: unknown
  try {
    value = JSON.parse(body.toString().replace(/^\ufeff/, ''))
  } catch {
    return undefined
  }
  return errorText(value)
}
