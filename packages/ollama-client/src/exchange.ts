import type { IncomingMessage } from 'node:http'
import { finished, Readable } from 'node:stream'
import { AnswerBody } from './answer/body.ts'
import { rawHeaderLines, type RequestHeaders } from './headers.ts'
import { type Connection, NativeRequest } from './native-request.ts'

export interface ExchangeRequest {
  /** The server's base URL. It may have a path prefix, and credentials, which are sent as Basic authorization. */
  readonly url: string | URL
  readonly method: string
  /** The path with its query. It starts with `/` and is sent as it is, whatever its percent-encoding. */
  readonly path: string
  /**
   * Sent in this order and spelling. Only `Host` (when absent), `Connection` and the header that frames the body are added.
   * Hop-by-hop headers are left out, and Content-Length is corrected when the body is bytes.
   */
  readonly headers?: RequestHeaders | undefined
  /** A stream is sent chunked unless a Content-Length is given. The exchange never destroys the stream. */
  readonly body?: Uint8Array | Readable | undefined
  /** `fresh`: the request gets a connection of its own, and is sent once whatever happens. Default: `kept`, but not for a stream. */
  readonly connection?: Connection | undefined
  /** Aborting destroys the socket at once, whether or not the headers have arrived. */
  readonly signal?: AbortSignal | undefined
}

/** Header lines as received, in their order and case, repeated ones included. */
export type ExchangeHeaders = readonly (readonly [name: string, value: string])[]

export interface Exchange {
  readonly status: number
  readonly statusMessage: string
  readonly headers: ExchangeHeaders
  /**
   * The bytes of the body as they arrive, without the chunked framing, neither decompressed nor decoded. The stream fails with
   * a ConnectionError when the connection breaks off, and with the signal's reason when aborted. Read it to the end or destroy
   * it, which closes the connection.
   */
  readonly body: Readable
}

/**
 * Sends one request and resolves with the headers of the final answer, whatever its status. It has no time-outs, redirects or
 * cookies, and repeats no request, with one exception: connections are kept for the next request, and when a kept one turns
 * out to be dead, because it breaks within two seconds and before any byte, the request is sent once more on a new one. The server
 * may then see it twice.
 *
 * The answer may come before the request is sent completely. The rest of the request is then sent as long as the server
 * reads it. If the server closes the connection meanwhile, the answer is what it had sent before.
 *
 * @throws ConnectionError when no answer comes
 * @throws TypeError for a URL, method, path or header that cannot be sent
 * @throws the signal's reason when aborted
 * @throws the error of the request body when that stream fails
 * @example
 * const { status, headers, body } = await openExchange({ url: 'http://127.0.0.1:11434', method: 'GET', path: '/api/tags' })
 * for await (const chunk of body) process.stdout.write(chunk)
 */
export const openExchange = (request: ExchangeRequest): Promise<Exchange> =>
  new Promise((resolve, reject) => {
    const { signal, method } = request
    signal?.throwIfAborted()
    const url = new URL(request.url)
    if (!/^https?:$/.test(url.protocol)) throw new TypeError(`not an HTTP address: ${url.protocol}`)
    const body = method === 'HEAD' ? undefined : request.body

    let native: NativeRequest
    /** Why the request was sent once more, if it was. */
    let foundDead: Error | undefined
    let answer: { readonly body: AnswerBody; readonly response: IncomingMessage } | undefined
    let stopWatchingUpload = () => {}
    const release = () => {
      signal?.removeEventListener('abort', onAbort)
      stopWatchingUpload()
      native.destroy()
    }
    const fail = (error: Error) => {
      release()
      if (answer) answer.body.destroy(error)
      else reject(error)
    }
    const onAbort = () => fail(signal!.reason as Error)
    signal?.addEventListener('abort', onAbort, { once: true })

    const send = (connection: Connection): void => {
      const own = new NativeRequest(url, { ...request, body })
      native = own
      const breakOff = (error: Error) => {
        if (own !== native) return
        if (!answer && own.foundDead && signal?.aborted !== true) {
          foundDead = own.failure(error)
          own.destroy()
          send('fresh')
          // A server that cannot be reached now has died since, perhaps of the request.
        } else if (!answer) fail((own.isConnected ? undefined : foundDead) ?? own.failure(error))
        // If the whole answer has arrived, it does not matter that the rest of the request could not be sent.
        else answer.body.breakOff(answer.response.complete ? undefined : own.failure(error))
      }
      const client = own.send(connection, () => breakOff(new Error('the server switched protocols')))
      client.on('error', breakOff)
      client.once('response', response => {
        response.on('error', breakOff)
        const answerBody = new AnswerBody(response, release)
        // After a failed write nobody knows any more whether the server closed the connection or reset it.
        response.prependOnceListener('end', () => {
          const { failedWrite } = own
          if (failedWrite && endsWithConnection(response)) answerBody.breakOff(own.failure(failedWrite))
        })
        answer = { body: answerBody, response }
        resolve({
          status: response.statusCode ?? 0,
          statusMessage: response.statusMessage ?? '',
          headers: rawHeaderLines(response.rawHeaders),
          body: answerBody,
        })
      })

      if (body instanceof Readable) {
        stopWatchingUpload = finished(body, { writable: false }, error => error && fail(error))
        body.pipe(client)
      } else {
        client.end(body)
      }
    }
    // A stream cannot be sent twice.
    send(body instanceof Readable ? 'fresh' : (request.connection ?? 'kept'))
  })

/** Whether nothing but the end of the connection marks the end of the answer. */
const endsWithConnection = ({ headers, statusCode = 0 }: IncomingMessage): boolean =>
  !('content-length' in headers || 'transfer-encoding' in headers) && statusCode !== 204 && statusCode !== 304
