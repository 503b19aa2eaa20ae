import { once } from 'node:events'
import net, { type AddressInfo } from 'node:net'
import { onTestFinished } from 'vitest'

/** An address that stays when what is behind it does not, and whose connections break. */
export interface Forwarder {
  readonly url: string
  /** Where it leads. */
  target: string
  /** Connections that were made. */
  readonly connections: number
}

/** @param bytesOf how much the nth connection (from 0) may answer before it is cut; everything by default */
export const openForwarder = async (
  target: string,
  bytesOf: (connection: number) => number = () => Number.POSITIVE_INFINITY,
): Promise<Forwarder> => {
  const sockets = new Set<net.Socket>()
  let connections = 0
  const server = net.createServer(caller => {
    const { hostname, port } = new URL(forwarder.target)
    const ahead = net.connect(Number(port), hostname)
    let left = bytesOf(connections++)
    for (const [one, other] of [
      [caller, ahead],
      [ahead, caller],
    ] as const) {
      sockets.add(one)
      one.on('error', () => other.destroySoon())
      one.on('close', () => other.destroySoon())
    }
    caller.pipe(ahead)
    ahead.on('data', piece => {
      caller.write(piece.subarray(0, left))
      left -= piece.length
      if (left <= 0) caller.destroySoon()
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy()
    server.close()
  })
  const forwarder = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    target,
    get connections() {
      return connections
    },
  }
  return forwarder
}
