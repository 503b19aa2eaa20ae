import http from 'node:http'
import type { Sim } from '../index.ts'

export interface Asked {
  method?: string
  path: string
  headers?: Record<string, string>
  /** Sent as it is, or as JSON. */
  body?: string | object
}

export interface Answered {
  status: number
  headers: [name: string, value: string][]
  /** The pieces of the body as they arrived. */
  chunks: string[]
  text: string
  /** How the connection broke off, if it did. */
  cut?: string
}

/**
 * Sends one request and takes the answer apart. Rejects when there is none.
 * `signal` makes the caller leave; `onChunk` sees the pieces as they arrive.
 */
export const ask = (
  { port }: Pick<Sim, 'port'>,
  { method = 'POST', path, headers = {}, body }: Asked,
  { signal, onChunk }: { signal?: AbortSignal; onChunk?: (chunk: string) => void } = {},
): Promise<Answered> =>
  new Promise((resolve, reject) => {
    const text = typeof body === 'object' ? JSON.stringify(body) : body
    const length = text === undefined ? {} : { 'content-length': String(Buffer.byteLength(text)) }
    const options = {
      host: '127.0.0.1',
      port,
      method,
      path,
      headers: { ...headers, ...length },
      agent: false,
    }
    const request = http.request({ ...options, ...(signal && { signal }) }, response => {
      const chunks: string[] = []
      const answered = (cut?: string) => {
        const raw = response.rawHeaders
        const pairs = raw.flatMap((name, at) =>
          at % 2 === 0 ? [[name, raw[at + 1]!] as [string, string]] : [],
        )
        resolve({
          status: response.statusCode!,
          headers: pairs,
          chunks,
          text: chunks.join(''),
          ...(cut && { cut }),
        })
      }
      response.on('data', (chunk: Buffer) => {
        chunks.push(chunk.toString())
        onChunk?.(chunk.toString())
      })
      response.on('end', () => answered())
      response.on('error', (error: NodeJS.ErrnoException) => answered(error.code))
    })
    request.on('error', reject)
    request.end(text)
  })

/** The lines of an NDJSON body. */
export const linesOf = ({ text }: Answered): Record<string, unknown>[] =>
  text
    .split('\n')
    .filter(line => line !== '')
    .map(line => JSON.parse(line) as Record<string, unknown>)
