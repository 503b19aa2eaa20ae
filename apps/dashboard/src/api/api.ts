import { readProblem } from './problem.ts'
import { session } from './session.ts'

/** The page lies at `/dashboard/`, and what it asks for beside it. */
const ROOT = '..'

export type Query = Readonly<Record<string, string | number | undefined>>

interface Call {
  readonly method?: 'GET' | 'POST' | 'PATCH' | 'DELETE'
  readonly query?: Query
  readonly body?: unknown
  readonly signal?: AbortSignal
  readonly accept?: string
}

/**
 * Sends a request to foreman, with the token if there is one.
 *
 * @throws ApiError when it is refused
 */
export const send = async (path: string, { method = 'GET', query, body, signal, accept }: Call = {}) => {
  const token = session.token()
  const response = await fetch(ROOT + path + queryText(query), {
    method,
    headers: {
      Accept: accept ?? 'application/json',
      ...(token !== undefined && { Authorization: `Bearer ${token}` }),
      ...(body !== undefined && { 'Content-Type': 'application/json' }),
    },
    body: body === undefined ? null : JSON.stringify(body),
    signal: signal ?? null,
    // The token is all that says who asks.
    credentials: 'omit',
    cache: 'no-store',
  })
  if (response.ok) return response
  if (response.status === 401) session.refuse(token)
  throw readProblem(response.status, await response.text())
}

const queryText = (query: Query = {}): string => {
  const given = Object.entries(query).flatMap(([name, value]) =>
    value === undefined || value === '' ? [] : [[name, String(value)]],
  )
  return given.length === 0 ? '' : `?${new URLSearchParams(given)}`
}

const json = async <Answer>(path: string, call: Call): Promise<Answer> => {
  const response = await send(path, call)
  return (response.status === 204 ? undefined : await response.json()) as Answer
}

/** The HTTP API, as the screens use it. Each rejects with an ApiError when foreman refuses. */
export const api = {
  get: <Answer>(path: string, query?: Query, signal?: AbortSignal) =>
    json<Answer>(path, { ...(query && { query }), ...(signal && { signal }) }),
  post: <Answer>(path: string, body: unknown = {}) => json<Answer>(path, { method: 'POST', body }),
  change: <Answer>(path: string, body: unknown) => json<Answer>(path, { method: 'PATCH', body }),
  remove: <Answer>(path: string) => json<Answer>(path, { method: 'DELETE' }),
}
