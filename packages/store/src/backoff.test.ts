import { expect, test } from 'vitest'
import { Backoff } from './backoff.ts'

const setUp = () => {
  let at = 0
  const backoff = new Backoff(() => at)
  return { backoff, pass: (ms: number) => (at += ms) }
}

test('each pause is twice as long as the one before it, up to five seconds', () => {
  const { backoff, pass } = setUp()
  const pauses: number[] = []
  for (let failure = 0; failure < 8; failure++) {
    backoff.failed()
    pauses.push(backoff.restMs)
    pass(backoff.restMs)
  }
  expect(pauses).toEqual([200, 400, 800, 1_600, 3_200, 5_000, 5_000, 5_000])
})

test('a failure within a pause does not lengthen it', () => {
  const { backoff, pass } = setUp()
  backoff.failed()
  pass(150)
  backoff.failed()
  expect(backoff.restMs).toBe(50)
})

test('a failure that goes on for a day is reported at growing intervals, at least every five minutes', () => {
  const { backoff, pass } = setUp()
  let reports = 0
  for (let ms = 0; ms < 86_400_000; ms += 1_000) {
    if (backoff.failed()) reports++
    pass(1_000)
  }
  expect(reports).toBeGreaterThan(86_400 / 300)
  expect(reports).toBeLessThan(86_400 / 300 + 20)
})

test('after a success there is no pause, and the next failure is reported', () => {
  const { backoff } = setUp()
  expect(backoff.failed()).toBe(true)
  expect(backoff.failed()).toBe(false)
  backoff.succeeded()
  expect(backoff.restMs).toBe(0)
  expect(backoff.failed()).toBe(true)
  expect(backoff.restMs).toBe(200)
})
