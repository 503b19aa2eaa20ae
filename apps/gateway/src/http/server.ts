import type { Express } from 'express'
import http from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import type { Duplex } from 'node:stream'

/** Longer than a caller's own pool keeps an idle connection, so that it is the caller who closes it. */
const KEEP_ALIVE_MS = 75_000
/** A model's blob takes as long as it takes. Bodies that foreman reads itself have a limit of their own. */
const NO_LIMIT = 0
const HEADERS_TIMEOUT_MS = 60_000
const SWEEP_MS = 50

export interface GatewayServer {
  /** Where it listens. */
  readonly url: string
  /** Accepts no connection any more and ends when the last answer is out. */
  stopAccepting(): Promise<void>
  /** Closes what is still open. */
  cutConnections(): void
}

/** What Node's parser gives up on, and what HTTP calls it. */
const unreadable: Record<string, string> = {
  HPE_HEADER_OVERFLOW: '431 Request Header Fields Too Large',
  ERR_HTTP_REQUEST_TIMEOUT: '408 Request Timeout',
}

/** Closed at once, with something of the request still on its way, a connection loses its answer. */
const LINGER_MS = 1_000

const refuseUnreadable = (error: NodeJS.ErrnoException, socket: Duplex): void => {
  if (!socket.writable) return void socket.destroy()
  const status = unreadable[error.code ?? ''] ?? '400 Bad Request'
  socket.end(`HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`)
  socket.on('error', () => socket.destroy())
  socket.resume()
  const timer = setTimeout(() => socket.destroy(), LINGER_MS)
  socket.on('close', () => clearTimeout(timer))
}

/** @throws the system's error when the address cannot be listened on */
export const listen = async (
  app: Express,
  { host, port }: { host?: string | undefined; port: number },
): Promise<GatewayServer> => {
  const server = http.createServer(
    { keepAliveTimeout: KEEP_ALIVE_MS, headersTimeout: HEADERS_TIMEOUT_MS, requestTimeout: NO_LIMIT },
    app,
  )
  // Without this a tunnel request would be met by silence.
  server.on('connect', (_request, socket: Socket) => {
    socket.on('error', () => socket.destroy())
    socket.end('HTTP/1.1 405 Method Not Allowed\r\nConnection: close\r\nContent-Length: 0\r\n\r\n')
  })
  server.on('clientError', refuseUnreadable)
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen({ port, ...(host === undefined ? {} : { host }) }, () => {
      server.off('error', reject)
      resolve()
    })
  })
  const { address, family, port: actualPort } = server.address() as AddressInfo
  const name = address === '::' || address === '0.0.0.0' ? '127.0.0.1' : address
  return {
    url: `http://${family === 'IPv6' && name.includes(':') ? `[${name}]` : name}:${actualPort}`,
    stopAccepting: () =>
      new Promise(resolve => {
        // A connection that is kept open after its last answer would hold the end up.
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
