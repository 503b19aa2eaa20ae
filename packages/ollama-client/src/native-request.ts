import { Agent as HttpAgent, request as httpRequest, type ClientRequest } from 'node:http'
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https'
import type { Socket } from 'node:net'
import { Readable } from 'node:stream'
import { ConnectionError } from './errors.ts'
import { forgetFailedWrites, outliveFailedWrites } from './failed-writes.ts'
import { wireHeaderLines, type RequestHeaders } from './headers.ts'

/** As in Go: a peer that vanished without a word is noticed although the request waits for hours. */
const TCP_KEEP_ALIVE_MS = 15_000
/** Shorter than any router or proxy keeps a silent connection in mind, so that a kept one is rarely dead without a word. */
const KEPT_IDLE_MS = 15_000
/**
 * A kept connection that was dead already says so within a round trip. Nobody can know it for certain: a server that closes it
 * just now may have read the request. After this time it has most likely worked on it.
 */
const DEAD_WITHIN_MS = 2_000

const kept = { keepAlive: true, keepAliveMsecs: TCP_KEEP_ALIVE_MS, timeout: KEPT_IDLE_MS }
const agents = {
  kept: { http: new HttpAgent(kept), https: new HttpsAgent(kept) },
  fresh: { http: new HttpAgent({ keepAlive: false }), https: new HttpsAgent({ keepAlive: false }) },
}

/** `kept`: one that an earlier request has left open, if there is one. `fresh`: a new one, which is not left open. */
export type Connection = keyof typeof agents

/** As in Go. Node's own limit is 16 KiB, which the policies and cookies that a proxy adds can exceed. */
const MAX_HEADER_BYTES = 1024 * 1024
const NO_LIMIT = 0

/** Sends a request with Node's own client, headers and path exactly as given, and knows how far the request got. */
export class NativeRequest {
  readonly #url: URL
  readonly #method: string
  readonly #path: string
  readonly #lines: string[]
  readonly #isStream: boolean
  #client: ClientRequest | undefined
  #socket: Socket | undefined
  /** How many bytes the socket had received before this request. */
  #bytesBefore = 0
  #sentAt = 0
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
    // The body itself is not kept: the connection may live longer than the request.
    this.#lines = wireHeaderLines({ ...request, url }).flat()
    this.#isStream = request.body instanceof Readable
  }

  /** @param onSwitch called when the server switches the connection to another protocol (101, CONNECT) */
  send(connection: Connection, onSwitch: () => void): ClientRequest {
    const secure = this.#url.protocol === 'https:'
    const client = (secure ? httpsRequest : httpRequest)({
      host: this.#url.hostname.replace(/^\[|\]$/g, ''),
      port: this.#url.port || (secure ? 443 : 80),
      method: this.#method,
      path: this.#path,
      agent: agents[connection][secure ? 'https' : 'http'],
      maxHeaderSize: MAX_HEADER_BYTES,
      headers: this.#lines,
    })
    this.#client = client
    client.maxHeadersCount = NO_LIMIT
    client.once('socket', socket => {
      this.#socket = socket
      this.#bytesBefore = socket.bytesRead
      this.#sentAt = performance.now()
      this.#connected = client.reusedSocket
      outliveFailedWrites(socket, error => {
        this.#failedWrite ??= error
        client.shouldKeepAlive = false
      })
      client.once('close', () => forgetFailedWrites(socket))
      if (client.reusedSocket) return
      socket.setKeepAlive(true, TCP_KEEP_ALIVE_MS)
      socket.once(secure ? 'secureConnect' : 'connect', () => (this.#connected = true))
    })
    client.once('upgrade', onSwitch).once('connect', onSwitch)
    // `flushHeaders` would encode the head as UTF-8, which makes two bytes of each byte above 0x7f.
    if (this.#isStream) client.write('', 'latin1')
    return client
  }

  /** Why a part of the request could not be sent. The server may have answered all the same. */
  get failedWrite(): Error | undefined {
    return this.#failedWrite
  }

  /** Whether the connection was a kept one, and broke so soon that the server has most likely closed it before the request. */
  get foundDead(): boolean {
    const isKept = this.#client?.reusedSocket === true
    return isKept && !this.#anyByte && performance.now() - this.#sentAt < DEAD_WITHIN_MS
  }

  /** Whether there was a connection, so that the server may have got something. */
  get isConnected(): boolean {
    return this.#connected
  }

  /** Cuts the exchange off. Once it is over, the connection may serve another one, and nothing happens. */
  destroy(): void {
    if (this.#client?.closed) return
    this.#client?.destroy()
    this.#socket?.destroy()
  }

  get #anyByte(): boolean {
    return (this.#socket?.bytesRead ?? 0) > this.#bytesBefore
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
      { cause, connected: this.#connected, anyByte: this.#anyByte },
    )
  }
}
