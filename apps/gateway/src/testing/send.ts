import http, { type IncomingHttpHeaders } from 'node:http'

export interface Received {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly text: string
  /** Whether the answer came to its end, and was not cut. */
  readonly isComplete: boolean
}

export interface Watched {
  /** What has come of the body so far. */
  readonly text: () => string
  /** Resolves when the answer is over, also when it is cut. */
  readonly received: Promise<Received>
  /** Disconnects. */
  readonly leave: () => void
}

/** Sends a GET request on a connection of its own, and shows the answer while it comes. */
export const watch = (url: string): Watched => {
  const { promise, resolve, reject } = Promise.withResolvers<Received>()
  let text = ''
  const request = http.get(url, { agent: false }, response => {
    const { statusCode = 0, headers } = response
    response.setEncoding('utf8').on('data', (piece: string) => (text += piece))
    const end = () => resolve({ status: statusCode, headers, text, isComplete: response.complete })
    response.on('end', end)
    response.on('error', end)
  })
  request.on('error', reject)
  // A test that leaves does not wait for the end.
  promise.catch(() => undefined)
  return { text: () => text, received: promise, leave: () => void request.destroy() }
}

/** Sends a GET request on a connection of its own, and reads the answer, also one that is cut. */
export const send = (url: string): Promise<Received> => watch(url).received
