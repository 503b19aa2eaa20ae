import { expect, test } from 'vitest'
import { QueueLimit } from './queue-limit.ts'

/** A queue and a clock that the test sets. */
const trial = (limit: number, queued: number) => {
  const state = { queued, now: 1_000_000, counts: 0, counting: Promise.resolve() }
  const queueLimit = new QueueLimit({
    limit,
    count: async () => {
      state.counts++
      const found = state.queued
      await state.counting
      return found
    },
    now: () => state.now,
  })
  return { state, queueLimit }
}

test('as many jobs have room as are missing to the limit', async () => {
  const { queueLimit } = trial(10, 7)
  await queueLimit.ensureRoomFor(3)
  await expect(queueLimit.ensureRoomFor(4)).rejects.toThrow('the queue is full: 7 jobs wait')
})

test('the refusal tells the caller when to try again', async () => {
  const { queueLimit } = trial(1, 1)
  await expect(queueLimit.ensureRoomFor(1)).rejects.toMatchObject({
    status: 503,
    code: 'queue_full',
    headers: { 'Retry-After': '30' },
  })
})

test('a batch that never has room is too large, and not too early', async () => {
  const { queueLimit } = trial(10, 10)
  await expect(queueLimit.ensureRoomFor(11)).rejects.toMatchObject({ status: 413, code: 'too_many_jobs' })
  await expect(queueLimit.ensureRoomFor(10)).rejects.toMatchObject({ status: 503 })
})

test('jobs that were added count at once', async () => {
  const { queueLimit } = trial(10, 7)
  await queueLimit.ensureRoomFor(2)
  queueLimit.add(2)
  await queueLimit.ensureRoomFor(1)
  await expect(queueLimit.ensureRoomFor(2)).rejects.toThrow('9 jobs wait')
})

test('the queue is counted once a second, and then the count includes the added jobs', async () => {
  const { state, queueLimit } = trial(10, 7)
  for (let asked = 0; asked < 5; asked++) await queueLimit.ensureRoomFor(1)
  queueLimit.add(3)
  await expect(queueLimit.ensureRoomFor(1)).rejects.toThrow('10 jobs wait')
  expect(state.counts).toBe(1)
  state.queued = 8
  state.now += 1_000
  await queueLimit.ensureRoomFor(2)
  expect(state.counts).toBe(2)
})

test('jobs that are added while the queue is counted are not missed', async () => {
  const { state, queueLimit } = trial(10, 7)
  queueLimit.add(5)
  const { promise, resolve } = Promise.withResolvers<void>()
  state.counting = promise
  const counted = queueLimit.ensureRoomFor(1)
  queueLimit.add(2)
  resolve()
  await counted
  await expect(queueLimit.ensureRoomFor(2)).rejects.toThrow('9 jobs wait')
})
