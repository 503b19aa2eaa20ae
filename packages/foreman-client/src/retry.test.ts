import { ConnectionError, StreamError } from '@foreman/ollama-client'
import { expect, test } from 'vitest'
import { ForemanError } from './errors.ts'
import { withRetries } from './retry.ts'

const lost = new ConnectionError('lost', { connected: true, anyByte: false })

/** An attempt that fails with these errors, one after the other, and then succeeds. */
const failing = (...errors: Error[]) => {
  const attempts: number[] = []
  const attempt = () => {
    attempts.push(performance.now())
    const error = errors[attempts.length - 1]
    return error ? Promise.reject(error) : Promise.resolve('success')
  }
  return { attempt, attempts }
}

test.each<[what: string, error: Error]>([
  ['a lost connection', lost],
  ['429', new ForemanError(429)],
  ['502', new ForemanError(502)],
  ['503', new ForemanError(503, { code: 'queue_busy' })],
  ['504', new ForemanError(504)],
  ['the first request with the key', new ForemanError(409, { code: 'idempotency_key_in_use' })],
])('an attempt is repeated after %s', async (_what, error) => {
  const { attempt, attempts } = failing(error, error)
  await expect(withRetries(attempt, { pauseMs: 1, signal: undefined })).resolves.toBe('success')
  expect(attempts).toHaveLength(3)
})

test.each<[what: string, error: Error]>([
  ['404', new ForemanError(404, { code: 'job_not_found' })],
  ['500', new ForemanError(500)],
  ['507', new ForemanError(507, { code: 'no_room' })],
  ['an answer that is not JSON', new StreamError('not JSON')],
  ['a request that cannot be sent', new TypeError('Invalid URL')],
])('an attempt is not repeated after %s', async (_what, error) => {
  const { attempt, attempts } = failing(error)
  await expect(withRetries(attempt, { pauseMs: 1, signal: undefined })).rejects.toBe(error)
  expect(attempts).toHaveLength(1)
})

test('each pause is longer than the one before', async () => {
  const { attempt, attempts } = failing(lost, lost, lost)
  await withRetries(attempt, { pauseMs: 10, signal: undefined })
  const pauses = attempts.slice(1).map((at, index) => at - attempts[index]!)
  // Timers may be a millisecond early.
  for (const [index, ms] of pauses.entries()) expect(ms).toBeGreaterThanOrEqual(10 * 2 ** index - 1)
})

test('the next attempt comes no earlier than Retry-After says', async () => {
  const { attempt, attempts } = failing(new ForemanError(503, {}, 100))
  await withRetries(attempt, { pauseMs: 1, signal: undefined })
  expect(attempts[1]! - attempts[0]!).toBeGreaterThanOrEqual(99)
})

test.each<[what: string, error: Error]>([
  ['a pause', lost],
  ['a Retry-After', new ForemanError(503, {}, 60_000)],
])('an abort ends %s, and the call fails with the reason of the abort', async (_what, error) => {
  const leaving = new AbortController()
  const reason = new Error('enough')
  const attempt = () => {
    setImmediate(() => leaving.abort(reason))
    return Promise.reject(error)
  }
  await expect(withRetries(attempt, { pauseMs: 60_000, signal: leaving.signal })).rejects.toBe(reason)
})
