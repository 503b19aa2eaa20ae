import type { Delivery, DeliveryAttempt } from '@foreman/jobs'
import { duration } from '../format/duration.ts'
import { count } from '../format/number.ts'
import { visible } from '../format/visible.ts'
import { RelativeTime } from './time.tsx'

/** How it went with a webhook: the last attempt, the others behind it, and when the next one is due. */
export const DeliveryAttempts = ({
  delivery: { state, attempts, next_attempt_at: next },
}: {
  readonly delivery: Delivery
}) => {
  const last = attempts.at(-1)
  const earlier = attempts.slice(0, -1)
  return (
    <>
      {last ? (
        <AttemptLine attempt={last} />
      ) : (
        <span class="muted">{state === 'pending' ? 'none yet' : 'none'}</span>
      )}
      {next !== undefined && (
        <small class="under">
          next attempt <RelativeTime at={next} />
        </small>
      )}
      {earlier.length > 0 && (
        <details>
          <summary>{count(earlier.length)} earlier</summary>
          <ol class="attempt-list">
            {earlier.map((attempt, n) => (
              <li key={n}>
                <AttemptLine attempt={attempt} />
              </li>
            ))}
          </ol>
        </details>
      )}
    </>
  )
}

const AttemptLine = ({
  attempt: { at, duration_ms: ms, status, error, response },
}: {
  readonly attempt: DeliveryAttempt
}) => (
  <>
    <span>
      {status === undefined ? visible(error ?? 'no answer') : `status ${status}`}, after {duration(ms)},{' '}
      <RelativeTime at={at} />
    </span>
    {response !== undefined && response !== '' && <code class="under response">{visible(response)}</code>}
  </>
)
