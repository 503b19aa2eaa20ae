import type { Server, ServerResponse } from 'node:http'
import type { Duplex } from 'node:stream'

/** What Node's parser reports with `clientError`. */
interface ParserError extends NodeJS.ErrnoException {
  /** In the parser's words, such as `Duplicate Content-Length`. */
  readonly reason?: string
  readonly rawPacket?: Uint8Array
}

/** The status line for each error of Node's parser. Any other error is a 400. */
const STATUS: Readonly<Record<string, string>> = {
  HPE_HEADER_OVERFLOW: '431 Request Header Fields Too Large',
  ERR_HTTP_REQUEST_TIMEOUT: '408 Request Timeout',
}

/** For the errors whose reason in the parser's words says little. */
const REASONS: Readonly<Record<string, string>> = {
  HPE_HEADER_OVERFLOW: 'its headers are larger than 1 MB',
  ERR_HTTP_REQUEST_TIMEOUT: 'its headers did not arrive within a minute',
  HPE_PAUSED_H2_UPGRADE: 'this port speaks HTTP/1.1, not HTTP/2',
}

/** How a TLS connection begins. */
const TLS_HANDSHAKE = 0x16

const reasonOf = ({ code = '', reason, rawPacket }: ParserError): string => {
  if (rawPacket?.[0] === TLS_HANDSHAKE) return 'this port speaks HTTP, not HTTPS'
  return REASONS[code] ?? reason ?? 'it is not HTTP'
}

const refusalOf = (error: ParserError): string => {
  const status = STATUS[error.code ?? ''] ?? '400 Bad Request'
  const body = JSON.stringify({ error: `the request cannot be read: ${reasonOf(error)}` })
  const head = [
    `HTTP/1.1 ${status}`,
    'Content-Type: application/json; charset=utf-8',
    `Content-Length: ${Buffer.byteLength(body)}`,
    'Connection: close',
  ]
  return `${head.join('\r\n')}\r\n\r\n${body}`
}

/** How long a refused connection stays open. If it is closed while the request still arrives, the answer can be lost. */
const LINGER_MS = 1_000

/**
 * Answers requests that Node's parser refuses, such as those with a bare line feed, two lengths or folded headers. The
 * path may be unknown, so the body has the form of Ollama's own errors.
 */
export const refuseUnreadable = (server: Server): void => {
  const unfinished = new WeakMap<Duplex, Set<ServerResponse>>()
  server.on('request', ({ socket }, response) => {
    const answers = unfinished.get(socket) ?? new Set()
    unfinished.set(socket, answers.add(response))
    response.once('close', () => answers.delete(response))
  })
  server.on('clientError', (error: ParserError, socket) => {
    if (!socket.writable) return void socket.destroy()
    // In the middle of an answer, another head would be taken for a part of it. A caller may have sent further requests.
    const answers = [...(unfinished.get(socket) ?? [])]
    const isAnswering = answers.some(answer => answer.headersSent && !answer.writableFinished)
    socket.end(isAnswering ? '' : refusalOf(error))
    socket.on('error', () => socket.destroy())
    socket.resume()
    const timer = setTimeout(() => socket.destroy(), LINGER_MS)
    socket.on('close', () => clearTimeout(timer))
  })
}
