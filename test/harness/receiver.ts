import { verify } from '@foreman/webhooks'
import http from 'node:http'
import type { AddressInfo } from 'node:net'
import { onTestFinished } from 'vitest'

const SECRET = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw'

/** What a webhook says, as far as tests look at it. */
export interface Received {
  readonly id: string
  readonly type: string
  readonly timestamp: string
  readonly data: {
    readonly job: { readonly id: string; readonly state: string } & Record<string, unknown>
    readonly result_url?: string
  }
}

export interface Receiver {
  readonly url: string
  /** Verified messages in the order in which they came, repeated ones included. */
  readonly received: Received[]
  /** Decides about the answer to a message; the connection is reset for `reset`, and left alone for `hang`. */
  answer: (message: Received) => Reply
}

type Reply = number | 'reset' | 'hang' | { status: number; headers: Record<string, string>; body?: string }

/** Something that webhooks are sent to, for as long as the present test runs. */
export const startReceiver = async (answer: Receiver['answer'] = () => 204): Promise<Receiver> => {
  const received: Received[] = []
  const server = http.createServer((request, response) => {
    const pieces: Buffer[] = []
    request.on('data', (piece: Buffer) => pieces.push(piece))
    request.on('end', () => {
      const body = Buffer.concat(pieces)
      const { id } = verify({ secrets: [SECRET], headers: request.headers, body })
      const message = { id, ...(JSON.parse(body.toString()) as Omit<Received, 'id'>) }
      received.push(message)
      const reply = receiver.answer(message)
      if (reply === 'reset') request.socket.resetAndDestroy()
      else if (typeof reply === 'number') response.writeHead(reply).end()
      else if (reply !== 'hang') response.writeHead(reply.status, reply.headers).end(reply.body)
    })
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook`
  const receiver: Receiver = { url, received, answer }
  return receiver
}

/** With these, a gateway and a worker sign webhooks and send them to this machine. */
export const webhookVariables = { FOREMAN_WEBHOOK_SECRET: SECRET, FOREMAN_WEBHOOK_ALLOW: '127.0.0.1' }
