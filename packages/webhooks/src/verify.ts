import { timingSafeEqual } from 'node:crypto'
import { signatureOf } from './signature.ts'

export interface VerifyOptions {
  /** Any of them may have signed. */
  secrets: readonly string[]
  /** As Node's `request.headers` or `fetch`'s `Headers` has them; names in any case. */
  headers: Headers | Readonly<Record<string, string | readonly string[] | undefined>>
  /** The body exactly as it came: parsed and written again it is not the same. */
  body: string | Buffer
  /** How far the sender's clock and this one may be apart, both ways. Default: 300. */
  toleranceSeconds?: number
  /** Seconds since 1970. Default: the present time. */
  now?: number
}

/** Why a webhook is not to be trusted. */
export type VerificationFailure = 'missing_header' | 'bad_timestamp' | 'too_old' | 'too_new' | 'no_match'

/** The webhook is not to be trusted; `code` says why. */
export class VerificationError extends Error {
  override name = 'VerificationError'
  readonly code: VerificationFailure

  constructor(code: VerificationFailure, message: string) {
    super(message)
    this.code = code
  }
}

/**
 * Checks the signature and the age of a webhook by Standard Webhooks 1.0, in constant time, and returns its id and
 * when it was sent. Ids repeat when a delivery is repeated: remember them to take a message once.
 * Throws a VerificationError for a webhook that does not hold, a TypeError for a secret that cannot be used.
 */
export const verify = ({
  secrets,
  headers,
  body,
  toleranceSeconds = 300,
  now = Date.now() / 1000,
}: VerifyOptions): { id: string; timestamp: number } => {
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
  // A header that came twice counts as missing: there is no telling which one was signed.
  if (typeof value !== 'string' || value === '')
    throw new VerificationError('missing_header', `${name} is missing`)
  return value
}
