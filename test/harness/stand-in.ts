import { type Recording, recording } from '@foreman/ollama-client/testing'
import http from 'node:http'
import type { AddressInfo } from 'node:net'
import { onTestFinished } from 'vitest'
import { chunksOf } from './recordings.ts'

export interface StandIn {
  readonly url: string
  /** The requests that came, as they came. */
  readonly seen: { method: string; path: string; headers: string[]; body: string }[]
  /** Lets one more piece of the answer out; without `pace`, nothing waits. */
  release(): void
}

/**
 * A target that answers with recordings: the first whose method, path and body are the request's, else the
 * recorded listing routes, else 404.
 *
 * @param paced each piece of an answer after the first waits for `release`
 */
export const startStandIn = async (answers: readonly Recording[], paced = false): Promise<StandIn> => {
  const seen: StandIn['seen'] = []
  const listing = ['tags', 'version', 'ps-empty', 'show-missing']
  const known = [...answers, ...listing.map(name => recording(name, answers[0]?.version))]
  let permits = 0
  let wake: (() => void) | undefined
  const permit = async () => {
    while (permits === 0) await new Promise<void>(resolve => (wake = resolve))
    permits--
  }
  const server = http.createServer((request, response) => {
    const pieces: Buffer[] = []
    request.on('data', (piece: Buffer) => pieces.push(piece))
    request.on('end', () => {
      const body = Buffer.concat(pieces).toString()
      const { method = '', url = '' } = request
      seen.push({ method, path: url, headers: request.rawHeaders, body })
      const found = known.find(
        ({ request: r }) =>
          r.method === method &&
          r.path === url &&
          r.headers['origin'] === request.headers.origin &&
          (method === 'GET' || (r.body ?? '') === body),
      )
      if (!found) return void response.writeHead(404).end('404 page not found')
      const waits = paced && answers.includes(found)
      void replay(found, response, waits ? permit : undefined)
    })
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  const release = () => {
    permits++
    wake?.()
  }
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, seen, release }
}

const replay = async (
  one: Recording,
  response: http.ServerResponse,
  permit?: () => Promise<void>,
): Promise<void> => {
  const headers = one.response.headers.filter(([name]) => !/^(connection|transfer-encoding)$/i.test(name))
  response.sendDate = false
  response.writeHead(one.response.status, headers.flat())
  for (const [at, chunk] of chunksOf(one).entries()) {
    if (at > 0) await permit?.()
    response.write(chunk)
  }
  if (one.response.complete) response.end()
  else response.destroy()
}
