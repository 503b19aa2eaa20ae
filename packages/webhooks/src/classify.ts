/** How sending a message once ended. */
export type Outcome =
  | {
      readonly kind: 'answered'
      readonly status: number
      /** The header `Retry-After`, unchanged. */
      readonly retryAfter?: string
      /** The beginning of the answer's body. */
      readonly excerpt: string
      readonly durationMs: number
    }
  | {
      readonly kind: 'failed'
      readonly code: 'refused_destination' | 'look_up' | 'connection' | 'tls' | 'not_http' | 'timeout'
      readonly message: string
      readonly durationMs: number
    }

const GONE = 410

/**
 * What becomes of a message after an attempt. `gone`: the receiver wants no more messages at this URL. A redirect is not
 * followed, so it is retried like an error.
 *
 * @example
 * if (classify(await deliver(message)) === 'retry') tryAgainLater(message)
 */
export const classify = (outcome: Outcome): 'delivered' | 'retry' | 'gone' => {
  if (outcome.kind === 'failed') return 'retry'
  if (outcome.status === GONE) return 'gone'
  return outcome.status >= 200 && outcome.status < 300 ? 'delivered' : 'retry'
}
