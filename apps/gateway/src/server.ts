import type { Express } from 'express'
import http from 'node:http'
import type { AddressInfo, Socket } from 'node:net'

/** Longer than a caller's own pool keeps an idle connection, so that it is the caller who closes it. */
const KEEP_ALIVE_MS = 75_000

export interface GatewayServer {
  /** Where it listens. */
  readonly url: string
  /** Accepts no connection any more and ends when the last answer is out. */
  stopAccepting(): Promise<void>
  /** Closes what is still open. */
  cutConnections(): void
}

/** @throws the system's error when the address cannot be listened on */
export const listen = async (
  app: Express,
  { host, port }: { host?: string | undefined; port: number },
): Promise<GatewayServer> => {
  const server = http.createServer({ keepAliveTimeout: KEEP_ALIVE_MS }, app)
  // Without this a tunnel request would be met by silence.
  server.on('connect', (_request, socket: Socket) => {
    socket.end('HTTP/1.1 405 Method Not Allowed\r\nConnection: close\r\nContent-Length: 0\r\n\r\n')
  })
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
        server.close(() => resolve())
        server.closeIdleConnections()
      }),
    cutConnections: () => server.closeAllConnections(),
  }
}
