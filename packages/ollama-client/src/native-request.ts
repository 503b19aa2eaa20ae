import { Agent as HttpAgent, request as httpRequest, type ClientRequest } from 'node:http'
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https'
import type { Socket } from 'node:net'
import { Readable } from 'node:stream'
import { ConnectionError } from './errors.ts'
import { outliveFailedWrites } from './failed-writes.ts'
import { wireHeaderLines, type RequestHeaders } from './headers.ts'

// Each request gets a new connection. The server could close an idle one just when a generation is sent on it, and then one
// could not know whether the server has received the request.
const httpAgent = new HttpAgent({ keepAlive: false })
const httpsAgent = new HttpsAgent({ keepAlive: false })

/** As in Go: a peer that vanished without a word is noticed although the request waits for hours. */
const TCP_KEEP_ALIVE_MS = 15_000
/** As in Go. Node's own limit is 16 KiB, which the policies and cookies that a proxy adds can exceed. */
const MAX_HEADER_BYTES = 1024 * 1024
const NO_LIMIT = 0

/** Sends a request with Node's own client, headers and path exactly as given, and knows how far the request got. */
export class NativeRequest {
  readonly #url: URL
  readonly #method: string
  readonly #path: string
  readonly #headers: RequestHeaders | undefined
  readonly #body: Uint8Array | Readable | undefined
  #client: ClientRequest | undefined
  #socket: Socket | undefined
  #connected = false
  #failedWrite: Error | undefined

  constructor(
    url: URL,
    request: {
      method: string
      path: string
      headers?: RequestHeaders | undefined
      body?: Uint8Array | Readable | undefined
    },
  ) {
    this.#url = url
    this.#method = request.method
    this.#path = url.pathname.replace(/\/+$/, '') + request.path
    this.#headers = request.headers
    this.#body = request.body
  }

  /** @param onSwitch called when the server switches the connection to another protocol (101, CONNECT) */
  send(onSwitch: () => void): ClientRequest {
    const secure = this.#url.protocol === 'https:'
    const client = (secure ? httpsRequest : httpRequest)({
      host: this.#url.hostname.replace(/^\[|\]$/g, ''),
      port: this.#url.port || (secure ? 443 : 80),
      method: this.#method,
      path: this.#path,
      agent: secure ? httpsAgent : httpAgent,
      maxHeaderSize: MAX_HEADER_BYTES,
      headers: wireHeaderLines({
        url: this.#url,
        method: this.#method,
        headers: this.#headers,
        body: this.#body,
      }).flat(),
    })
    this.#client = client
    client.maxHeadersCount = NO_LIMIT
    client.once('socket', socket => {
      this.#socket = socket
      socket.setKeepAlive(true, TCP_KEEP_ALIVE_MS)
      outliveFailedWrites(socket, error => (this.#failedWrite ??= error))
      socket.once(secure ? 'secureConnect' : 'connect', () => (this.#connected = true))
    })
    client.once('upgrade', onSwitch).once('connect', onSwitch)
    // `flushHeaders` would encode the head as UTF-8, which makes two bytes of each byte above 0x7f.
    if (this.#body instanceof Readable) client.write('', 'latin1')
    return client
  }

  /** Why a part of the request could not be sent. The server may have answered all the same. */
  get failedWrite(): Error | undefined {
    return this.#failedWrite
  }

  destroy(): void {
    this.#client?.destroy()
    this.#socket?.destroy()
  }

  /** Turns an error of Node into the one to throw: a ConnectionError that says how far the request got. */
  failure(error: Error): Error {
    const cause = error.cause instanceof Error ? error.cause : error
    // Node has refused to send this URL, method, path or header.
    if (this.#client === undefined) return cause
    const reason = cause.message || (cause as NodeJS.ErrnoException).code || cause.name
    const { origin } = this.#url
    return new ConnectionError(
      this.#connected
        ? `connection to ${origin} broke off: ${reason}`
        : `cannot connect to ${origin}: ${reason}`,
      { cause, connected: this.#connected, anyByte: (this.#socket?.bytesRead ?? 0) > 0 },
    )
  }
}
