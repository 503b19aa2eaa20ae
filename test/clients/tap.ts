import { once } from 'node:events'
import net, { type AddressInfo } from 'node:net'
import { onTestFinished } from 'vitest'

/** A place on the way between a caller and a server, from which one sees what goes by. */
export interface Tap {
  readonly url: string
  /** How often the server let its callers hear that they are not forgotten. */
  readonly heartbeats: () => number
  /** Whether the server has sent this text. */
  readonly sent: (text: string) => boolean
}

/** A chunk of one space, and the pieces with nothing in them that stand in its place in streams. */
const heartbeat =
  /\r\n1\r\n \r\n|"(content|response)":""\}?,"done":false|"(content|text)":""\}?,"finish_reason":null|"id":"resp_job_|: keep-alive|event: ping/g

export const tap = async (url: string): Promise<Tap> => {
  const { hostname, port } = new URL(url)
  const open = new Set<net.Socket>()
  let seen = ''
  const server = net.createServer(caller => {
    const ahead = net.connect(Number(port), hostname)
    ahead.on('data', piece => (seen += piece.toString('latin1')))
    for (const [one, other] of [
      [caller, ahead],
      [ahead, caller],
    ] as const) {
      open.add(one)
      one.pipe(other)
      one.on('error', () => other.destroySoon())
      one.on('close', () => other.destroySoon())
    }
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => {
    for (const socket of open) socket.destroy()
    server.close()
  })
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    heartbeats: () => seen.match(heartbeat)?.length ?? 0,
    sent: text => seen.includes(text),
  }
}
