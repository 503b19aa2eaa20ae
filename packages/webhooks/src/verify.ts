import { timingSafeEqual } from 'node:crypto'
import { signatureOf } from './signature.ts'

export interface VerifyOptions {
  /** The message must be signed with one of them. */
  readonly secrets: readonly string[]
  /** Node's `request.headers` or the `Headers` of `fetch`. The names may be in any case. */
  readonly headers: Headers | Readonly<Record<string, string | readonly string[] | undefined>>
  /** The body exactly as it arrived. A body that was parsed and written again has another signature. */
  readonly body: string | Buffer
  /** How far the sender's clock may be ahead of or behind this one. Default: 300. */
  readonly toleranceSeconds?: number
  /** Seconds since 1970. Default: the present time. */
  readonly now?: number
}

/** Why a webhook cannot be trusted. */
export type VerificationFailure = 'missing_header' | 'bad_timestamp' | 'too_old' | 'too_new' | 'no_match'

/** The webhook cannot be trusted. `code` says why. */
export class VerificationError extends Error {
  override readonly name = 'VerificationError'
  readonly code: VerificationFailure

  constructor(code: VerificationFailure, message: string) {
    super(message)
    this.code = code
  }
}

/**
 * Checks the signature and the age of a webhook in constant time (Standard Webhooks 1.0). A repeated delivery has the
 * same id: remember the ids to process each message once.
 *
 * @returns the id of the message, and when it was sent, in seconds since 1970
 * @throws VerificationError when the webhook cannot be trusted
 * @throws TypeError when a secret cannot be used
 * @example
 * const { id } = verify({ secrets: ['whsec_c2VjcmV0'], headers: request.headers, body: rawBody })
 */
export const verify = ({
  secrets,
  headers,
  body,
  toleranceSeconds = 300,
  now = Date.now() / 1000,
}: VerifyOptions): { readonly id: string; readonly timestamp: number } => {
  const id = header(headers, 'webhook-id')
  const sentAt = header(headers, 'webhook-timestamp')
  const offered = header(headers, 'webhook-signature')

  if (!/^\d{1,15}$/.test(sentAt))
    throw new VerificationError('bad_timestamp', 'webhook-timestamp is not whole seconds')
  const timestamp = Number(sentAt)
  if (timestamp < now - toleranceSeconds)
    throw new VerificationError('too_old', 'the webhook was sent too long ago')
  if (timestamp > now + toleranceSeconds)
    throw new VerificationError('too_new', 'the webhook comes from the future')

  const signatures = offered.split(' ').filter(part => part.startsWith('v1,'))
  const decoded = signatures.map(part => Buffer.from(part.slice(3), 'base64'))
  let matches = false
  for (const secret of secrets) {
    const expected = signatureOf(secret, id, sentAt, body)
    for (const signature of decoded) {
      if (signature.length === expected.length && timingSafeEqual(signature, expected)) matches = true
    }
  }
  if (!matches) throw new VerificationError('no_match', 'no signature matches any of the secrets')
  return { id, timestamp }
}

const header = (headers: VerifyOptions['headers'], name: string): string => {
  const entries = headers instanceof Headers ? [...headers] : Object.entries(headers)
  const value = entries.find(([key]) => key.toLowerCase() === name)?.[1]
  // A header that came twice counts as missing, because nobody knows which of the two was signed.
  if (typeof value !== 'string' || value === '')
    throw new VerificationError('missing_header', `${name} is missing`)
  return value
}
