import type { Delivery } from '@foreman/jobs'
import { expect, test } from 'vitest'
import { outlineOfDelivery } from './describe-delivery.ts'

const at = '2030-01-31T12:00:00.000Z'

const delivery: Delivery = {
  id: 'msg_1',
  event: 'job.succeeded',
  url: 'https://receiver.example:8443/hooks/secret?token=secret#secret',
  state: 'pending',
  created_at: at,
  next_attempt_at: at,
  attempts: [
    { at, duration_ms: 1, status: 500, response: 'secret' },
    { at, duration_ms: 2, error: 'connection: connect ECONNREFUSED secret' },
  ],
}

test('an outline of a delivery says where it goes and how it went, and nothing that was said', () => {
  expect(outlineOfDelivery(delivery)).toEqual({
    ...delivery,
    url: 'https://receiver.example:8443',
    attempts: [
      { at, duration_ms: 1, status: 500 },
      { at, duration_ms: 2, error: 'connection' },
    ],
  })
})

test('an outline of a delivery to what is no URL has none', () => {
  expect(outlineOfDelivery({ ...delivery, url: 'secret' }).url).toBe('')
})
