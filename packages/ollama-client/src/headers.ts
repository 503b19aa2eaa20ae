import { Readable } from 'node:stream'

/** Header lines in order, or an object with names and values. */
export type RequestHeaders =
  | readonly (readonly [name: string, value: string])[]
  | Readonly<Record<string, string>>

/** Headers that belong to one connection and not to the message (RFC 9110, section 7.6.1), in lower case. */
export const HOP_BY_HOP_HEADERS: readonly string[] = [
  'connection',
  'keep-alive',
  'proxy-authenticate',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
]

/** Requests with these methods usually have no body. Without one, they get no Content-Length. */
const BODILESS = new Set(['GET', 'HEAD', 'DELETE', 'OPTIONS', 'TRACE', 'CONNECT'])

/** The header lines in the order in which they were given. */
export const headerLines = (headers: RequestHeaders = []): (readonly [name: string, value: string])[] =>
  Symbol.iterator in headers ? [...headers] : Object.entries(headers)

/** Pairs up the names and values in Node's flat `rawHeaders`. */
export const rawHeaderLines = (rawHeaders: readonly string[]): [name: string, value: string][] =>
  Array.from({ length: rawHeaders.length / 2 }, (_, i) => [rawHeaders[2 * i]!, rawHeaders[2 * i + 1]!])

/** The header lines to send: the given ones, a Host, and the lines that frame the body. */
export const wireHeaderLines = (request: {
  url: URL
  method: string
  headers?: RequestHeaders | undefined
  body?: Uint8Array | Readable | undefined
}): (readonly [name: string, value: string])[] => {
  const { url, method, body } = request
  const given = headerLines(request.headers)
  const value = (name: string) => given.find(([key]) => key.toLowerCase() === name)?.[1]
  const own = new Set([...HOP_BY_HOP_HEADERS, 'content-length'])
  for (const named of value('connection')?.split(',') ?? []) own.add(named.trim().toLowerCase())

  const lines = given.filter(([name]) => !own.has(name.toLowerCase()))
  if (value('host') === undefined) lines.unshift(['Host', url.host])
  if ((url.username || url.password) && value('authorization') === undefined) {
    const credentials = `${decodeURIComponent(url.username)}:${decodeURIComponent(url.password)}`
    lines.push(['Authorization', `Basic ${Buffer.from(credentials).toString('base64')}`])
  }

  if (body instanceof Readable) {
    const length = value('content-length')
    lines.push(length === undefined ? ['Transfer-Encoding', 'chunked'] : ['Content-Length', length])
  } else if (body !== undefined) {
    lines.push(['Content-Length', String(body.byteLength)])
  } else if (!BODILESS.has(method)) {
    lines.push(['Content-Length', '0'])
  }
  return lines
}
