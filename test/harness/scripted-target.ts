import http from 'node:http'
import type { AddressInfo } from 'node:net'
import { onTestFinished } from 'vitest'
import { bodyOf, recording } from './recordings.ts'

export interface ScriptedTarget {
  readonly url: string
  /** The next request to /api/generate: what is written to it is the answer. */
  next(): Promise<http.ServerResponse>
}

const listed = new Map(['tags', 'version', 'ps-empty'].map(name => [recording(name).request.path, name]))

/** A target whose answers to /api/generate are the test's, byte by byte. What it lists is as recorded. */
export const startScriptedTarget = async (): Promise<ScriptedTarget> => {
  const waiting: http.ServerResponse[] = []
  const wanted: ((response: http.ServerResponse) => void)[] = []
  const server = http.createServer((request, response) => {
    const { url = '' } = request
    request.resume().on('end', () => {
      const name = listed.get(url)
      if (name !== undefined) return void response.end(bodyOf(recording(name)))
      if (url !== '/api/generate') return void response.writeHead(404).end()
      const want = wanted.shift()
      if (want) want(response)
      else waiting.push(response)
    })
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  const next = async () =>
    waiting.shift() ?? new Promise<http.ServerResponse>(resolve => wanted.push(resolve))
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, next }
}
