import http from 'node:http'

const ANSWER_TIMEOUT_MS = 120_000

/** When a caller got one answer; times in ms, by `performance.now()`. */
export interface Timing {
  readonly sentAt: number
  readonly firstByteAt: number
  /** When the answer had ended. */
  readonly lastByteAt: number
}

/** A pool that reuses connections, as callers usually have. */
export const newPool = (): http.Agent => new http.Agent({ keepAlive: true })

/** An HTTP request with a JSON body, and the bytes that are still to be sent with `end`. */
const jsonPost = (
  url: string,
  path: string,
  body: object,
  options: http.RequestOptions,
  moreHeaders: Readonly<Record<string, string>> = {},
) => {
  const bytes = Buffer.from(JSON.stringify(body))
  const { hostname, port } = new URL(url)
  const headers = {
    'Content-Type': 'application/json',
    'Content-Length': bytes.byteLength,
    ...moreHeaders,
  }
  return { bytes, request: http.request({ hostname, port, method: 'POST', path, headers, ...options }) }
}

/**
 * Sends one request and reads its answer to the end.
 *
 * @throws Error when the status is not 200 or the answer is incomplete: failures would pass for fast answers
 */
export const timedCall = (
  url: string,
  pool: http.Agent,
  path: string,
  body: object,
  more: Readonly<Record<string, string>> = {},
): Promise<Timing> =>
  new Promise((resolve, reject) => {
    const signal = AbortSignal.timeout(ANSWER_TIMEOUT_MS)
    const sentAt = performance.now()
    const { request, bytes } = jsonPost(url, path, body, { agent: pool, signal }, more)
    request.on('response', response => {
      let firstByteAt = 0
      let text = ''
      response.setEncoding('utf8').on('data', (piece: string) => {
        firstByteAt ||= performance.now()
        text += piece
      })
      response.on('error', reject)
      response.on('end', () => {
        const lastByteAt = performance.now()
        const isComplete = response.statusCode === 200 && text.includes('"done":true')
        if (isComplete) resolve({ sentAt, firstByteAt, lastByteAt })
        else reject(new Error(`${path} was answered with ${response.statusCode}: ${text.slice(0, 200)}`))
      })
    })
    request.on('error', reject)
    request.end(bytes)
  })

/** Sends a request that gets no answer. The returned function closes its connection. */
export const waitingCall = (url: string, path: string, body: object): Promise<() => void> =>
  new Promise((resolve, reject) => {
    const { request, bytes } = jsonPost(url, path, body, { agent: false })
    request.on('response', response => void response.resume())
    request.once('error', reject)
    request.end(bytes, () => {
      request.off('error', reject).on('error', () => undefined)
      resolve(() => request.destroy())
    })
  })
