import { createServer, type RequestListener } from 'node:http'
import { createServer as createTcpServer, type AddressInfo, type Server, type Socket } from 'node:net'
import { onTestFinished } from 'vitest'

/** Starts an HTTP server that lives as long as the test; returns its base URL. */
export const serve = async (listener: RequestListener): Promise<string> => {
  const server = createServer(listener)
  const url = await listen(server)
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  return url
}

/** Starts a server that answers the first bytes of every connection by hand; returns its base URL. */
export const serveRaw = async (answer: (socket: Socket, request: string) => void): Promise<string> => {
  const sockets = new Set<Socket>()
  const server = createTcpServer(socket => {
    sockets.add(socket)
    socket.on('error', () => {})
    socket.once('data', bytes => answer(socket, bytes.toString('latin1')))
  })
  const url = await listen(server)
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy()
    server.close()
  })
  return url
}

const listen = async (server: Server): Promise<string> => {
  await new Promise<void>(resolve => void server.listen(0, '127.0.0.1', resolve))
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}
