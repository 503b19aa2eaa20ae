import { signatureOf } from './signature.ts'

export interface SignOptions {
  /** One, or several while a secret is being replaced: each signs. `whsec_` and base64, or any other text as it is. */
  secrets: readonly string[]
  /** Names the message, the same for every attempt to deliver it. */
  id: string
  /** When this attempt is made: whole seconds since 1970. */
  timestamp: number
  /** The body exactly as it will be sent. */
  body: string | Buffer
}

export interface SignedHeaders {
  'webhook-id': string
  'webhook-timestamp': string
  'webhook-signature': string
}

/**
 * The three headers that let a receiver check where a webhook comes from, by Standard Webhooks 1.0.
 * Throws a TypeError for a secret, an id or a timestamp that cannot be used, and for no secret at all.
 */
export const sign = ({ secrets, id, timestamp, body }: SignOptions): SignedHeaders => {
  if (secrets.length === 0) throw new TypeError('A webhook needs at least one secret to be signed with')
  if (!/^[\x21-\x7e]+$/.test(id)) throw new TypeError('A webhook id must be printable ASCII without spaces')
  if (!Number.isSafeInteger(timestamp)) throw new TypeError('A webhook timestamp is in whole seconds')
  const signatures = secrets.map(secret =>
    signatureOf(secret, id, String(timestamp), body).toString('base64'),
  )
  return {
    'webhook-id': id,
    'webhook-timestamp': String(timestamp),
    'webhook-signature': signatures.map(signature => `v1,${signature}`).join(' '),
  }
}
