import http from 'node:http'

const LONGEST_ANSWER_MS = 120_000

/** What a caller saw of one answer; times in ms, by `performance.now()`. */
export interface Timing {
  readonly sentAt: number
  readonly firstByteAt: number
  /** When it was clear that nothing more comes. */
  readonly lastByteAt: number
}

/** Keeps its connections, as callers with a pool do. */
export const newPool = (): http.Agent => new http.Agent({ keepAlive: true })

/**
 * Sends one request and reads its answer to the end.
 *
 * @throws when it is not a whole answer with status 200: a benchmark of failures would be a fast one
 */
export const timedCall = (url: string, pool: http.Agent, path: string, body: object): Promise<Timing> =>
  new Promise((resolve, reject) => {
    const bytes = Buffer.from(JSON.stringify(body))
    const { hostname, port } = new URL(url)
    const headers = { 'Content-Type': 'application/json', 'Content-Length': bytes.byteLength }
    const signal = AbortSignal.timeout(LONGEST_ANSWER_MS)
    const sentAt = performance.now()
    const options = { hostname, port, method: 'POST', path, headers, agent: pool, signal }
    const request = http.request(options, response => {
      let firstByteAt = 0
      let text = ''
      response.setEncoding('utf8').on('data', (piece: string) => {
        firstByteAt ||= performance.now()
        text += piece
      })
      response.on('error', reject)
      response.on('end', () => {
        const lastByteAt = performance.now()
        const isWhole = response.statusCode === 200 && text.includes('"done":true')
        if (isWhole) resolve({ sentAt, firstByteAt, lastByteAt })
        else reject(new Error(`${path} was answered with ${response.statusCode}: ${text.slice(0, 200)}`))
      })
    })
    request.on('error', reject)
    request.end(bytes)
  })

/** Sends a request whose answer will not come; the returned function ends it. */
export const waitingCall = (url: string, path: string, body: object): Promise<() => void> =>
  new Promise((resolve, reject) => {
    const bytes = Buffer.from(JSON.stringify(body))
    const { hostname, port } = new URL(url)
    const headers = { 'Content-Type': 'application/json', 'Content-Length': bytes.byteLength }
    const request = http.request(
      { hostname, port, method: 'POST', path, headers, agent: false },
      response => {
        response.resume()
      },
    )
    request.once('error', reject)
    request.end(bytes, () => {
      request.off('error', reject).on('error', () => undefined)
      resolve(() => request.destroy())
    })
  })
