import type { ServerResponse } from 'node:http'
import { goJson } from './go/encode.ts'

export const JSON_UTF8 = 'application/json; charset=utf-8'
export const PLAIN_JSON = 'application/json'

/** Above this size Go's server begins to send before it knows the length. */
const BUFFERED = 2048

/** Answers in the way of Ollama's HTTP server. */
export class Reply {
  readonly response: ServerResponse

  constructor(response: ServerResponse) {
    this.response = response
  }

  /** Whether the status has been sent. */
  get started(): boolean {
    return this.response.headersSent
  }

  #head(status: number, headers: Record<string, string | string[]>): void {
    // Node adds `Connection: keep-alive`, Go does not.
    if (this.response.shouldKeepAlive) this.response.removeHeader('Connection')
    this.response.writeHead(status, headers)
  }

  body(
    status: number,
    contentType: string,
    body: string | Buffer,
    headers: Record<string, string> = {},
  ): void {
    const length = Buffer.byteLength(body)
    const framing: Record<string, string> = length > BUFFERED ? {} : { 'Content-Length': String(length) }
    this.#head(status, { ...headers, 'Content-Type': contentType, ...framing })
    this.response.end(body)
  }

  json(status: number, value: unknown, contentType = JSON_UTF8): void {
    this.body(status, contentType, goJson(value))
  }

  error(status: number, message: string): void {
    this.json(status, { error: message })
  }

  empty(status: number, headers: Record<string, string | string[]> = {}): void {
    this.#head(status, status === 204 ? headers : { ...headers, 'Content-Length': '0' })
    this.response.end()
  }

  /** Sends one chunk of a body whose length is not known; false when the caller reads too slowly to take more. */
  chunk(text: string, contentType: string, status = 200, headers: Record<string, string> = {}): boolean {
    if (!this.started) this.#head(status, { ...headers, 'Content-Type': contentType })
    return this.response.write(text)
  }

  end(): void {
    this.response.end()
  }

  /** Resolves when the caller has read enough to be sent more, or has left. */
  async drained(): Promise<void> {
    const { response } = this
    if (!response.writableNeedDrain || response.destroyed) return
    await new Promise<void>(resolve => {
      const done = () => {
        response.off('drain', done).off('close', done)
        resolve()
      }
      response.on('drain', done).on('close', done)
    })
  }
}
