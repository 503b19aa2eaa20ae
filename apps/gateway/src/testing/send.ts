import http, { type IncomingHttpHeaders } from 'node:http'

export interface Received {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly text: string
  /** Whether the answer came to its end, and was not cut. */
  readonly isComplete: boolean
}

/** Sends a GET request on a connection of its own, and reads the answer, also one that is cut. */
export const send = (url: string): Promise<Received> =>
  new Promise((resolve, reject) => {
    const request = http.get(url, { agent: false }, response => {
      const { statusCode = 0, headers } = response
      let text = ''
      response.setEncoding('utf8').on('data', (piece: string) => (text += piece))
      const end = () => resolve({ status: statusCode, headers, text, isComplete: response.complete })
      response.on('end', end)
      response.on('error', end)
    })
    request.on('error', reject)
  })
