/** Why foreman refuses a request on its own routes, for programs. docs/jobs.md explains each. */
export const problemCodes = [
  'invalid_request',
  'target_refuses',
  'unauthorized',
  'forbidden',
  'job_not_found',
  'batch_not_found',
  'delivery_not_found',
  'operation_not_found',
  'hold_not_found',
  'model_not_found',
  'not_found',
  'method_not_allowed',
  'request_timeout',
  'not_ended',
  'not_queued',
  'count_differs',
  'no_answer',
  'idempotency_key_in_use',
  'job_expired',
  'body_too_large',
  'too_many_jobs',
  'unsupported_media_type',
  'idempotency_key_reused',
  'webhook_refused',
  'internal_error',
  'not_implemented',
  'closed',
  'queue_full',
  'queue_busy',
  'queue_not_writable',
  'too_many_bytes',
  'unavailable',
  'no_room',
  'loop_detected',
] as const

/** The codes above, and those of statuses that only other routes answer with. Errors of these routes have no code. */
export type ProblemCode = (typeof problemCodes)[number] | 'conflict' | 'target_unreachable' | 'error'

/** What a refusal has besides its status and its message. */
export interface RefusalOptions {
  readonly headers?: Readonly<Record<string, string>>
  /** Tells a program on foreman's own routes why. Default: the usual code of the status. */
  readonly code?: ProblemCode | undefined
  /** More members of the problem details (RFC 9457, section 3.2). */
  readonly members?: Readonly<Record<string, unknown>>
  /** The error behind the refusal. The caller does not learn of it. */
  readonly cause?: unknown
}

const CODES: Readonly<Record<number, ProblemCode>> = {
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
  501: 'not_implemented',
  502: 'target_unreachable',
  503: 'unavailable',
  507: 'no_room',
  508: 'loop_detected',
}

/** Thrown to answer a request with an error of foreman's own. The caller reads its message. */
export class Refusal extends Error {
  override readonly name = 'Refusal'
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly code: ProblemCode
  readonly members: Readonly<Record<string, unknown>>

  constructor(
    status: number,
    message: string,
    { headers = {}, code, members = {}, cause }: RefusalOptions = {},
  ) {
    super(message, { cause })
    this.status = status
    this.headers = headers
    this.code = code ?? CODES[status] ?? 'error'
    this.members = members
  }
}

/** A refusal for a reason that passes: `Retry-After` tells the caller when to try again. */
export const retryLater = (
  status: 502 | 503,
  message: string,
  afterSeconds: number,
  code?: ProblemCode,
): Refusal => new Refusal(status, message, { headers: { 'Retry-After': String(afterSeconds) }, code })

/** A refusal on foreman's own routes, with a code for programs and a message for people. */
export const problem = (
  status: number,
  code: ProblemCode,
  message: string,
  members: Readonly<Record<string, unknown>> = {},
): Refusal => new Refusal(status, message, { code, members })
