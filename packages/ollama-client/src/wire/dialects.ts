import { bytesOf } from '../answer/bytes.ts'
import { event, type Waiting } from './heartbeats.ts'

/** An error as foreman sends it to a caller instead of an answer. */
export interface RenderedError {
  readonly contentType: string
  readonly body: Uint8Array
}

/** What one family of clients understands: its errors, and the form of its streams. */
export interface Dialect {
  readonly name: 'native' | 'openai' | 'anthropic'
  /** An error instead of an answer. */
  error(status: number, message: string): RenderedError
  readonly stream: {
    readonly contentType: string
    /** Further headers that the target sends with such a stream. */
    readonly headers: readonly (readonly [string, string])[]
    /** An error after pieces have been sent, in a form that the caller's parser reports. */
    readonly error: (status: number, message: string) => Uint8Array
    /**
     * What follows such an error. `cut`: the connection breaks, because some clients pass over the error and would take a regular
     * end for the end of the answer. `end`: a regular end, because every client reports the error, and some lose its words
     * when the connection breaks.
     */
    readonly afterError: (waiting: Pick<Waiting, 'headers'>) => 'cut' | 'end'
    /** Whether a heartbeat may follow these last bytes. It must never be inside a line or an event. */
    isBetweenPieces(lastBytes: Uint8Array): boolean
  }
  readonly json: { readonly contentType: string }
}

const json = (value: unknown): Uint8Array => bytesOf(JSON.stringify(value))

const endsWith = (bytes: Uint8Array, ending: Uint8Array): boolean =>
  bytes.byteLength === 0 ||
  ending.every((byte, at) => bytes[bytes.byteLength - ending.byteLength + at] === byte)

const LINE_END = bytesOf('\n')
const EVENT_END = bytesOf('\n\n')

const randomHex = (bytes: number): string =>
  Array.from(crypto.getRandomValues(new Uint8Array(bytes)), byte => byte.toString(16).padStart(2, '0')).join(
    '',
  )

const native: Dialect = {
  name: 'native',
  error: (_status, message) => ({
    contentType: 'application/json; charset=utf-8',
    body: json({ error: message }),
  }),
  stream: {
    contentType: 'application/x-ndjson',
    headers: [],
    error: (_status, message) => bytesOf(`${JSON.stringify({ error: message })}\n`),
    afterError: () => 'cut',
    isBetweenPieces: bytes => endsWith(bytes, LINE_END),
  },
  json: { contentType: 'application/json; charset=utf-8' },
}

/** OpenAI's error type for each status. Ollama sends only the first two, and `api_error` for all others. */
const openAiTypes: Record<number, string> = {
  400: 'invalid_request_error',
  404: 'not_found_error',
  401: 'authentication_error',
  403: 'permission_error',
  408: 'invalid_request_error',
  413: 'invalid_request_error',
  422: 'invalid_request_error',
  429: 'rate_limit_error',
}

export const openAiError = (
  status: number,
  message: string,
): { readonly error: { readonly message: string } & Readonly<Record<string, unknown>> } => ({
  error: { message, type: openAiTypes[status] ?? 'api_error', param: null, code: null },
})

/** codex keeps an error until its stream ends, and loses it when the connection breaks. */
const isCodex = ({ headers }: Pick<Waiting, 'headers'>): boolean =>
  /^codex/i.test(String(headers['user-agent']))

const openai: Dialect = {
  name: 'openai',
  error: (status, message) => ({ contentType: 'application/json', body: json(openAiError(status, message)) }),
  stream: {
    contentType: 'text/event-stream',
    headers: [],
    error: (status, message) => event(openAiError(status, message)),
    afterError: waiting => (isCodex(waiting) ? 'end' : 'cut'),
    isBetweenPieces: bytes => endsWith(bytes, EVENT_END),
  },
  json: { contentType: 'application/json' },
}

/** Anthropic's error type for each status. */
const anthropicTypes: Record<number, string> = {
  400: 'invalid_request_error',
  401: 'authentication_error',
  403: 'permission_error',
  404: 'not_found_error',
  408: 'invalid_request_error',
  413: 'request_too_large',
  422: 'invalid_request_error',
  429: 'rate_limit_error',
  503: 'overloaded_error',
}

const anthropicError = (status: number, message: string) => ({
  type: 'error',
  error: { type: anthropicTypes[status] ?? 'api_error', message },
  request_id: `req_${randomHex(12)}`,
})

const anthropic: Dialect = {
  name: 'anthropic',
  error: (status, message) => ({
    contentType: 'application/json',
    body: json(anthropicError(status, message)),
  }),
  stream: {
    contentType: 'text/event-stream',
    headers: [['Cache-Control', 'no-cache']],
    error: (status, message) => event(anthropicError(status, message), 'error'),
    afterError: () => 'end',
    isBetweenPieces: bytes => endsWith(bytes, EVENT_END),
  },
  json: { contentType: 'application/json' },
}

export const dialects = { native, openai, anthropic } as const
