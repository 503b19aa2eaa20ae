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
  await store.submissions.enqueue({ jobs, groupKeyOf: () => 'm', now: 0 })
  const steps = []
  for (let more = true; more;) steps.push((more = await counter.countSome()))
  expect(steps).toEqual([true, true, false])
  const tallies = await store.history.tallies()
  expect(tallies.find(({ name }) => name === 'jobs_submitted')?.value).toBe(1_200)
})

test('without a change since, nothing is written', async () => {
  const { store, counter } = await setUp()
  await submitJob(store)
  await counter.countSome()
  const count = vi.spyOn(store.history, 'count')
  expect(await counter.countSome()).toBe(false)
  expect(count).not.toHaveBeenCalled()
})
