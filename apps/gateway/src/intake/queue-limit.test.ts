import { expect, test } from 'vitest'
import { QueueLimit } from './queue-limit.ts'

/** A queue and a clock that the test sets. */
const trial = (limit: number, queued: number) => {
  const state = { queued, now: 1_000_000, counts: 0 }
  const queueLimit = new QueueLimit({
    limit,
    count: () => {
      state.counts++
      return state.queued
    },
    now: () => state.now,
  })
  return { state, queueLimit }
}

test('as many jobs have room as are missing to the limit', () => {
  const { queueLimit } = trial(10, 7)
  expect(() => queueLimit.ensureRoomFor(3)).not.toThrow()
  expect(() => queueLimit.ensureRoomFor(4)).toThrow('the queue is full: 7 jobs wait')
})

test('the refusal tells the caller when to try again', () => {
  const { queueLimit } = trial(0, 0)
  expect(() => queueLimit.ensureRoomFor(1)).toThrow(
    expect.objectContaining({ status: 503, code: 'queue_full', headers: { 'Retry-After': '30' } }),
  )
})

test('jobs that were added count at once', () => {
  const { queueLimit } = trial(10, 7)
  queueLimit.ensureRoomFor(2)
  queueLimit.add(2)
  expect(() => queueLimit.ensureRoomFor(1)).not.toThrow()
  expect(() => queueLimit.ensureRoomFor(2)).toThrow('9 jobs wait')
})

test('the queue is counted once a second, and then the count includes the added jobs', () => {
  const { state, queueLimit } = trial(10, 7)
  for (let asked = 0; asked < 5; asked++) queueLimit.ensureRoomFor(1)
  queueLimit.add(3)
  expect(() => queueLimit.ensureRoomFor(1)).toThrow('10 jobs wait')
  expect(state.counts).toBe(1)
  state.queued = 8
  state.now += 1_000
  expect(() => queueLimit.ensureRoomFor(2)).not.toThrow()
  expect(state.counts).toBe(2)
})
