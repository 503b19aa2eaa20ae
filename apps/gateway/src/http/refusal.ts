export type RefusalHeaders = Readonly<Record<string, string>>

/** What a program reads of a refusal on foreman's own routes. */
export interface RefusalDetails {
  /** Default: the status's own. */
  readonly code?: string
  /** Members of the problem besides (RFC 9457, section 3.2). */
  readonly members?: Readonly<Record<string, unknown>>
}

/** An answer that foreman gives itself. Its message is for the caller. */
export class Refusal extends Error {
  override readonly name = 'Refusal'
  readonly status: number
  readonly headers: RefusalHeaders
  readonly code: string
  readonly members: Readonly<Record<string, unknown>>

  constructor(
    status: number,
    message: string,
    headers: RefusalHeaders = {},
    { code, members = {} }: RefusalDetails = {},
  ) {
    super(message)
    this.status = status
    this.headers = headers
    this.code = code ?? codes[status] ?? 'error'
    this.members = members
  }
}

const codes: Record<number, string> = {
  400: 'invalid_request',
  401: 'unauthorized',
  403: 'forbidden',
  404: 'not_found',
  405: 'method_not_allowed',
  408: 'request_timeout',
  409: 'conflict',
  413: 'body_too_large',
  415: 'unsupported_media_type',
  422: 'invalid_request',
  500: 'internal_error',
  502: 'target_unreachable',
  503: 'unavailable',
  507: 'no_room',
}

/** For what passes: the caller may come again. */
export const comeAgain = (status: 503 | 502, message: string, afterSeconds: number, code?: string): Refusal =>
  new Refusal(status, message, { 'Retry-After': String(afterSeconds) }, code === undefined ? {} : { code })

/** On foreman's own routes: what is wrong, in a word for programs and a sentence for people. */
export const problem = (
  status: number,
  code: string,
  message: string,
  members: Readonly<Record<string, unknown>> = {},
): Refusal => new Refusal(status, message, {}, { code, members })
