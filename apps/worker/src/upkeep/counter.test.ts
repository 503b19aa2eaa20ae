import { newJob as plainJob, submitJob } from '@foreman/store/testing'
import { pino } from 'pino'
import { expect, test, vi } from 'vitest'
import { openTempStore } from '../testing/fixtures.ts'
import { Counter } from './counter.ts'

const setUp = async () => {
  const store = await openTempStore()
  const logger = pino({ level: 'silent' })
  const options = { now: Date.now, historyMs: 1_000, fits: () => 1, loadMsOf: () => 0 }
  return { store, counter: new Counter({ store, logger, ...options }) }
}

test('many changes are counted in steps, between which others can write', async () => {
  const { store, counter } = await setUp()
  const jobs = Array.from({ length: 1_200 }, () => plainJob())
  await store.submissions.enqueue({ jobs, groupKeyOf: () => 'm', now: Date.now() })
  const counted = async () =>
    (await store.history.tallies()).find(({ name }) => name === 'jobs_submitted')?.value
  expect([await counter.catchUp(), await counted()]).toEqual([true, 500])
  // The rounds of the counter go on from here: whoever asks meanwhile adds no steps of its own.
  expect([await counter.catchUp(), await counted()]).toEqual([true, 500])
  expect([await counter.step(), await counted()]).toEqual([true, 1_000])
  expect([await counter.step(), await counted()]).toEqual([false, 1_200])
  expect(await counter.catchUp()).toBe(false)
})

test('without a change since, nothing is written', async () => {
  const { store, counter } = await setUp()
  await submitJob(store)
  await counter.catchUp()
  const count = vi.spyOn(store.history, 'count')
  expect(await counter.catchUp()).toBe(false)
  expect(count).not.toHaveBeenCalled()
})
