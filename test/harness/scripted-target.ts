import { bodyOf, recording, serve } from '@foreman/ollama-client/testing'
import type { ServerResponse } from 'node:http'

export interface ScriptedTarget {
  readonly url: string
  /** Resolves with the response to the next request to /api/generate, for the test to write. */
  next(): Promise<ServerResponse>
}

const listed = new Map(['tags', 'version', 'ps-empty'].map(name => [recording(name).request.path, name]))

/** Starts a target for which the test writes the answers to /api/generate. Its listing routes answer as recorded. */
export const startScriptedTarget = async (): Promise<ScriptedTarget> => {
  const waiting: ServerResponse[] = []
  const wanted: ((response: ServerResponse) => void)[] = []
  const url = await serve((request, response) => {
    const { url: path = '' } = request
    request.resume().on('end', () => {
      const name = listed.get(path)
      if (name !== undefined) return void response.end(bodyOf(recording(name)))
      if (path !== '/api/generate') return void response.writeHead(404).end()
      const want = wanted.shift()
      if (want) want(response)
      else waiting.push(response)
    })
  })
  const next = async () => waiting.shift() ?? new Promise<ServerResponse>(resolve => wanted.push(resolve))
  return { url, next }
}
