import { signatureOf } from './signature.ts'

export interface SignOptions {
  /** Each of them signs; there are several while a secret is being replaced. `whsec_` and base64, or any other text. */
  readonly secrets: readonly string[]
  /** The id of the message. It is the same in every attempt to deliver the message. */
  readonly id: string
  /** The time of this attempt, in whole seconds since 1970. */
  readonly timestamp: number
  /** The body exactly as it will be sent. */
  readonly body: string | Buffer
}

export interface SignedHeaders {
  readonly 'webhook-id': string
  readonly 'webhook-timestamp': string
  readonly 'webhook-signature': string
}

/**
 * Makes the three headers by which a receiver checks the sender of a webhook (Standard Webhooks 1.0).
 *
 * @throws TypeError when there is no secret, or when a secret, the id or the timestamp cannot be used
 * @example
 * const headers = sign({ secrets: ['whsec_c2VjcmV0'], id: 'msg_1', timestamp: Math.floor(Date.now() / 1000), body })
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
