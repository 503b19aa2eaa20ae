import type { Readable } from 'node:stream'
import { text as textOf } from 'node:stream/consumers'
import { errorText } from './answer/error-text.ts'
import { parseLines } from './answer/ndjson.ts'
import { unpackAnswer } from './answer/unpack.ts'
import { withinBase } from './answer/within-base.ts'
import { ConnectionError, HTTPError, StreamError } from './errors.ts'
import { type Exchange, type ExchangeRequest, openExchange } from './exchange.ts'
import { headerLines, type RequestHeaders } from './headers.ts'
import { callJson } from './json-call.ts'
import type {
  ChatChunk,
  ChatReply,
  ChatRequest,
  EmbeddingsReply,
  EmbeddingsRequest,
  EmbedReply,
  EmbedRequest,
  GenerateChunk,
  GenerateReply,
  GenerateRequest,
  KeepAlive,
  ModelOptions,
  PsReply,
  ShowReply,
  ShowRequest,
  TagsReply,
  VersionReply,
} from './types.ts'

export interface OllamaClientOptions {
  /** For example `http://127.0.0.1:11434`, or `https://host/ollama` behind a proxy. */
  readonly url: string | URL
  /** Sent as `Authorization: Bearer …` with every request, in place of any other authorization. */
  readonly token?: string | undefined
  /** Sent with every request, except for a header that the request itself has. */
  readonly headers?: RequestHeaders | undefined
  /**
   * The name of a gateway that passes requests on. Each request gets the line `Via: 1.1 NAME`, behind those that it has, so
   * that the gateway can recognise one that comes back to it.
   */
  readonly via?: string | undefined
  /** As of `openExchange`. */
  readonly connection?: ExchangeRequest['connection']
}

export interface CallOptions {
  /** Aborting closes the connection at once, which stops the generation. The call fails with the signal's reason. */
  readonly signal?: AbortSignal | undefined
}

export interface LoadOptions extends CallOptions {
  /** How long the model stays in memory after its last use. If absent, the server's default counts: 5 minutes. */
  readonly keepAlive?: KeepAlive | undefined
  /** Use the options of the requests that follow. For another `num_ctx`, Ollama would load the model again. */
  readonly options?: ModelOptions | undefined
  /** Set this for a model that can only embed. */
  readonly embedder?: boolean | undefined
}

/**
 * A client for Ollama's native API. It repeats no request and has no time-outs: pass a signal.
 *
 * Every method fails with ConnectionError, HTTPError or StreamError, or with the reason of its signal.
 *
 * @example
 * const ollama = new OllamaClient({ url: 'http://127.0.0.1:11434' })
 * const { message } = await ollama.chat({ model: 'llama3.2', messages: [{ role: 'user', content: 'Hello!' }] })
 */
export class OllamaClient {
  readonly #url: URL
  readonly #headers: (readonly [string, string])[]
  readonly #token: string | undefined
  readonly #via: readonly (readonly [string, string])[]
  readonly #connection: ExchangeRequest['connection']

  constructor(options: OllamaClientOptions) {
    this.#url = new URL(options.url)
    this.#headers = headerLines(options.headers)
    this.#token = options.token || undefined
    this.#connection = options.connection
    this.#via = options.via === undefined ? [] : [['Via', `1.1 ${options.via}`]]
  }

  /**
   * With `stream: true`, yields each line of the answer as it arrives; the request is sent when the first line is read.
   * Otherwise resolves with one reply.
   * @example
   * const messages = [{ role: 'user', content: 'Hello!' }] as const
   * for await (const { message } of ollama.chat({ model: 'llama3.2', messages, stream: true }))
   *   process.stdout.write(message.content)
   */
  chat(request: ChatRequest & { stream: true }, call?: CallOptions): AsyncGenerator<ChatChunk, void>
  chat(request: ChatRequest & { stream?: false }, call?: CallOptions): Promise<ChatReply>
  chat(request: ChatRequest & { stream?: boolean }, call: CallOptions = {}): unknown {
    return this.#answer('/api/chat', request, call)
  }

  /**
   * With `stream: true`, yields each line of the answer as it arrives; the request is sent when the first line is read.
   * Otherwise resolves with one reply.
   */
  generate(
    request: GenerateRequest & { stream: true },
    call?: CallOptions,
  ): AsyncGenerator<GenerateChunk, void>
  generate(request: GenerateRequest & { stream?: false }, call?: CallOptions): Promise<GenerateReply>
  generate(request: GenerateRequest & { stream?: boolean }, call: CallOptions = {}): unknown {
    return this.#answer('/api/generate', request, call)
  }

  embed(request: EmbedRequest, call: CallOptions = {}): Promise<EmbedReply> {
    return this.#json('POST', '/api/embed', request, call)
  }

  embeddings(request: EmbeddingsRequest, call: CallOptions = {}): Promise<EmbeddingsReply> {
    return this.#json('POST', '/api/embeddings', request, call)
  }

  /** Lists the installed models, the newest first. */
  tags(call: CallOptions = {}): Promise<TagsReply> {
    return this.#json('GET', '/api/tags', undefined, call)
  }

  /** Lists the models in memory. */
  ps(call: CallOptions = {}): Promise<PsReply> {
    return this.#json('GET', '/api/ps', undefined, call)
  }

  show(request: ShowRequest, call: CallOptions = {}): Promise<ShowReply> {
    return this.#json('POST', '/api/show', request, call)
  }

  version(call: CallOptions = {}): Promise<VersionReply> {
    return this.#json('GET', '/api/version', undefined, call)
  }

  /** Resolves when the model is in memory. If it is aborted before, Ollama gives up the load. */
  async load(model: string, load: LoadOptions = {}): Promise<void> {
    const { keepAlive: keep_alive, options } = load
    if (load.embedder) {
      await this.#json('POST', '/api/embed', { model, input: '', keep_alive, options }, load)
    } else {
      await this.#json('POST', '/api/generate', { model, stream: false, keep_alive, options }, load)
    }
  }

  /** Resolves at once. The model leaves memory when its running requests are done. */
  async unload(model: string, call: CallOptions = {}): Promise<void> {
    await this.#json('POST', '/api/generate', { model, stream: false, keep_alive: 0 }, call)
  }

  /**
   * Sends any request and opens its answer, whatever the status. Bytes stay as they are in both directions. The client adds
   * its base URL, its headers and its token to what `openExchange` does.
   */
  open(
    method: string,
    path: string,
    headers: RequestHeaders = [],
    body?: Uint8Array | Readable,
    signal?: AbortSignal,
  ): Promise<Exchange> {
    return openExchange({
      url: this.#url,
      method,
      path,
      headers: this.#linesWith(headers),
      body,
      connection: this.#connection,
      signal,
    })
  }

  #answer(path: string, request: { stream?: boolean }, call: CallOptions): unknown {
    return request.stream
      ? this.#stream(path, request, call)
      : this.#json('POST', path, { ...request, stream: false }, call)
  }

  async *#stream(path: string, request: object, call: CallOptions): AsyncGenerator<unknown, void> {
    const bytes = Buffer.from(JSON.stringify(request))
    const exchange = await this.open('POST', path, JSON_HEADERS, bytes, call.signal)
    const { status, statusMessage, body } = unpackAnswer(exchange)
    if (!isSuccess(status)) throw new HTTPError(status, await textOf(body), { statusMessage })
    let done = false
    try {
      for await (const line of parseLines(body)) {
        throwErrorIn(line)
        if (typeof line !== 'object' || line === null)
          throw new StreamError('a line of the stream is no object')
        done ||= 'done' in line && line.done === true
        yield line
      }
    } catch (error) {
      // The answer was complete, so it does not matter how the connection ended.
      if (!done || !(error instanceof ConnectionError)) throw error
    } finally {
      body.destroy()
    }
    if (!done) throw new StreamError('the stream ended before the answer was done')
  }

  async #json<T>(
    method: 'GET' | 'POST',
    path: string,
    request: object | undefined,
    { signal }: CallOptions,
  ): Promise<T> {
    const { status, statusMessage, text } = await callJson({
      url: this.#url,
      method,
      path,
      headers: this.#linesWith(request ? JSON_HEADERS : []),
      body: request && Buffer.from(JSON.stringify(request)),
      signal,
    })
    if (!isSuccess(status)) throw new HTTPError(status, text, { statusMessage })
    let reply: unknown
    try {
      reply = JSON.parse(text)
    } catch (cause) {
      throw new StreamError('the answer is not JSON', { cause })
    }
    // A server can fail after it has sent status 200.
    throwErrorIn(reply)
    return reply as T
  }

  /**
   * As `open`, for an answer that is passed on to somebody else, whom it must not lead past the one who passes it on: where
   * its headers name addresses under the base URL, they become the paths below it, and other addresses are left out.
   *
   * @throws RedirectError when the answer redirects to an address that is not under the base URL
   */
  async openToRelay(...request: Parameters<OllamaClient['open']>): Promise<Exchange> {
    const [, path] = request
    const exchange = await this.open(...request)
    try {
      return { ...exchange, headers: withinBase(exchange, { base: this.#url, path }) }
    } catch (error) {
      exchange.body.destroy()
      throw error
    }
  }

  /** Adds the client's own headers to those of a request. The token replaces any other authorization; `Via` is added to. */
  #linesWith(headers: RequestHeaders): (readonly [name: string, value: string])[] {
    const given = headerLines(headers)
    const names = new Set(given.map(([name]) => name.toLowerCase()))
    const own = this.#headers.filter(([name]) => !names.has(name.toLowerCase()))
    const lines = [...given, ...own, ...this.#via]
    if (this.#token === undefined) return lines
    return [
      ...lines.filter(([name]) => name.toLowerCase() !== 'authorization'),
      ['Authorization', `Bearer ${this.#token}`],
    ]
  }
}

const JSON_HEADERS = [['Content-Type', 'application/json']] as const

const isSuccess = (status: number): boolean => status >= 200 && status < 300

const throwErrorIn = (value: unknown): void => {
  const message = errorText(value)
  if (message !== undefined) throw new StreamError(message)
}
