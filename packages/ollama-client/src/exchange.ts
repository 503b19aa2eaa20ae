import got from 'got'
import { finished, Readable } from 'node:stream'
import { AnswerBody } from './answer/body.ts'
import { rawHeaderLines, type RequestHeaders } from './headers.ts'
import { NativeRequest } from './native-request.ts'

export interface ExchangeRequest {
  /** The server's base URL; may have a path prefix, and credentials (sent as Basic authorization). */
  url: string | URL
  method: string
  /** Path with query, starting with `/`; sent as it is, whatever its percent-encoding. */
  path: string
  /**
   * Sent in this order and spelling; nothing is added but `Host` (when absent), `Connection` and what frames the
   * body. Hop-by-hop headers given here are left out, and Content-Length is corrected to that of a byte body.
   */
  headers?: RequestHeaders | undefined
  /** A stream goes out chunked unless a Content-Length is given. The exchange never destroys it. */
  body?: Uint8Array | Readable | undefined
  /** Aborting destroys the socket at once, before and after the headers. */
  signal?: AbortSignal | undefined
}

/** Header lines as received: order, case and repetitions kept. */
export type ExchangeHeaders = readonly (readonly [name: string, value: string])[]

export interface Exchange {
  status: number
  statusMessage: string
  headers: ExchangeHeaders
  /**
   * The body's bytes as they arrive: chunked framing removed, nothing decompressed, nothing decoded. Fails with
   * ConnectionError when the connection breaks off, and with the signal's reason when aborted. Read it to the end
   * or destroy it: destroying closes the connection.
   */
  body: Readable
}

/**
 * Sends one request and resolves with the headers of the final answer, whatever its status. No time-outs, no
 * retries, no redirects, no cookies.
 *
 * @throws ConnectionError when no answer comes; the signal's reason when aborted; the request body's own error when
 * that stream fails; TypeError for a URL, method, path or header that cannot be sent.
 */
export const openExchange = (request: ExchangeRequest): Promise<Exchange> =>
  new Promise((resolve, reject) => {
    const { signal, method } = request
    signal?.throwIfAborted()
    const url = new URL(request.url)
    if (!/^https?:$/.test(url.protocol)) throw new TypeError(`not an HTTP address: ${url.protocol}`)
    const body = method === 'HEAD' ? undefined : request.body
    const native = new NativeRequest(url, { ...request, body })
    const exchange = got.stream(url.origin, {
      request: () => native.send(() => breakOff(new Error('the server switched protocols'))),
      method: method as 'POST',
      allowGetBody: true,
      retry: { limit: 0 },
      throwHttpErrors: false,
      followRedirect: false,
      decompress: false,
    })

    let answer: AnswerBody | undefined
    let stopWatchingUpload = () => {}
    const release = () => {
      signal?.removeEventListener('abort', onAbort)
      stopWatchingUpload()
      exchange.destroy()
      native.destroy()
    }
    const fail = (error: Error) => {
      release()
      if (answer) answer.destroy(error)
      else reject(error)
    }
    const breakOff = (error: Error) => {
      const failure = native.failure(error)
      if (answer) answer.breakOff(failure)
      else fail(failure)
    }
    const onAbort = () => fail(signal!.reason as Error)
    signal?.addEventListener('abort', onAbort, { once: true })

    exchange.on('error', breakOff)
    exchange.once('response', response => {
      answer = new AnswerBody(exchange, release)
      resolve({
        status: response.statusCode,
        statusMessage: response.statusMessage ?? '',
        headers: rawHeaderLines(response.rawHeaders),
        body: answer,
      })
    })

    if (body instanceof Readable) {
      stopWatchingUpload = finished(body, { writable: false }, error => error && fail(error))
      // Piped and not handed to got, which would destroy it: it may be a caller's request, still to be answered.
      body.pipe(exchange)
    } else if (method !== 'HEAD') {
      exchange.end(body)
    }
  })
