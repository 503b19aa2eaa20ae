import { localUrl } from '@foreman/process'
import type { Express } from 'express'
import http from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import { refuseUnreadable } from './unreadable.ts'

/**
 * Longer than callers keep idle connections, so that callers close them: a request cannot meet a closing connection. Go and
 * Traefik keep them for 90 s, Caddy for 120 s.
 */
const KEEP_ALIVE_MS = 300_000
/** Go's default, and so Ollama's: cookies of a single sign-on and long tokens fit. */
const MAX_HEADER_BYTES = 1024 * 1024
/** The upload of a model may take hours. Bodies that foreman reads itself have a limit in `readBody`. */
const NO_LIMIT = 0
/** As in Go: a caller that vanished without a word is noticed, and its job cancelled. */
const TCP_KEEP_ALIVE_MS = 15_000
const HEADERS_TIMEOUT_MS = 60_000
const SWEEP_MS = 50

export interface GatewayServer {
  /** The address that it listens on, as a URL. */
  readonly url: string
  /** Accepts no more connections. Resolves when the last answer has been sent. */
  stopAccepting(): Promise<void>
  /** Closes the connections that are still open. */
  cutConnections(): void
}

/**
 * Starts an HTTP server.
 *
 * @throws the system's error when the address cannot be listened on
 */
export const listen = async (
  app: Express,
  { host, port }: { host?: string | undefined; port: number },
): Promise<GatewayServer> => {
  const server = http.createServer(
    {
      keepAliveTimeout: KEEP_ALIVE_MS,
      headersTimeout: HEADERS_TIMEOUT_MS,
      requestTimeout: NO_LIMIT,
      maxHeaderSize: MAX_HEADER_BYTES,
      // `requireWellFormed` checks it, and says why it refuses. Node does not.
      requireHostHeader: false,
      keepAlive: true,
      keepAliveInitialDelay: TCP_KEEP_ALIVE_MS,
    },
    app,
  )
  // Node would drop the lines after the first 2000 without a word.
  server.maxHeadersCount = NO_LIMIT
  // As Go's server: a caller may close its half of the connection before it has its answer. Node's types do not have this.
  Object.assign(server, { httpAllowHalfOpen: true })
  // Without this, Node would close the connection of a CONNECT request without an answer.
  server.on('connect', (_request, socket: Socket) => {
    socket.on('error', () => socket.destroy())
    socket.end('HTTP/1.1 405 Method Not Allowed\r\nConnection: close\r\nContent-Length: 0\r\n\r\n')
  })
  refuseUnreadable(server)
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen({ port, ...(host === undefined ? {} : { host }) }, () => {
      server.off('error', reject)
      resolve()
    })
  })
  const { address, port: actualPort } = server.address() as AddressInfo
  return {
    // A server on `::` answers on 127.0.0.1 as well.
    url: localUrl({ host: address === '::' ? undefined : address, port: actualPort }),
    stopAccepting: () =>
      new Promise(resolve => {
        // A connection that becomes idle after its last answer would otherwise stay open, and `close` would wait for it.
        const sweep = setInterval(() => server.closeIdleConnections(), SWEEP_MS)
        server.close(() => {
          clearInterval(sweep)
          resolve()
        })
        server.closeIdleConnections()
      }),
    cutConnections: () => server.closeAllConnections(),
  }
}
