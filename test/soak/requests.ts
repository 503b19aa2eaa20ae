import { generatingEndpoint } from '@foreman/ollama-client'
import { recordings } from '@foreman/ollama-client/testing'
import type { Dice } from './dice.ts'

/** A request before it is packed and framed. */
export interface Request {
  readonly path: string
  /** Header lines besides those that frame the body. */
  readonly headers: readonly (readonly [name: string, value: string])[]
  readonly body: Buffer
}

const EMBEDDINGS = new Set(['/api/embed', '/api/embeddings', '/v1/embeddings'])

/** Requests that a real Ollama has answered with 200, on the routes whose bodies foreman reads. */
const recorded: readonly { readonly path: string; readonly body: string }[] = recordings.flatMap(
  ({ request: { method, path, body }, response: { status } }) =>
    method === 'POST' && status === 200 && body && (generatingEndpoint(path) || EMBEDDINGS.has(path))
      ? [{ path, body }]
      : [],
)

/** Those that can be submitted as jobs. */
const jobs = recorded
  .filter(({ path }) => generatingEndpoint(path))
  .map(({ path, body }) => `{"endpoint":"${path}","request":${body}}`)

const MAX_BATCH = 20

const JSON_TYPE: Request['headers'] = [['Content-Type', 'application/json']]
const LINES_TYPE: Request['headers'] = [['Content-Type', 'application/x-ndjson']]

const request = (path: string, body: string, headers = JSON_TYPE): Request => ({
  path,
  headers,
  body: Buffer.from(body),
})

const batchOf = (dice: Dice): Request => {
  const lines = Array.from({ length: 1 + dice.below(MAX_BATCH) }, () => dice.pick(jobs))
  return dice.chance(0.5)
    ? request('/jobs/batch', lines.map(line => line.replaceAll('\n', ' ')).join('\n'), LINES_TYPE)
    : request('/jobs/batch', `[${lines.join(',')}]`)
}

/** A request that is right: in any dialect, to /jobs or to /jobs/batch. */
export const rightRequest = (dice: Dice): Request => {
  const kind = dice.below(10)
  if (kind < 2) return request('/jobs', dice.pick(jobs))
  if (kind < 3) return batchOf(dice)
  const { path, body } = dice.pick(recorded)
  return request(path, body)
}
