/** What came of sending a message once. */
export type Outcome =
  | {
      readonly kind: 'answered'
      readonly status: number
      /** The header as it came. */
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

/** `gone`: the receiver wants nothing more at this URL. A redirect is not followed, so it is tried again like an error. */
export const classify = (outcome: Outcome): 'delivered' | 'retry' | 'gone' => {
  if (outcome.kind === 'failed') return 'retry'
  if (outcome.status === GONE) return 'gone'
  return outcome.status >= 200 && outcome.status < 300 ? 'delivered' : 'retry'
}
