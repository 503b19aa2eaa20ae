import { openReader, openStore } from '@foreman/store'
import path from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { randomOf } from '../../../bench/schedule/random.ts'
import { temporaryDirectory } from '../../../test/harness/foreman.ts'
import { fillPast } from './fill.ts'
import { hourOf } from './plan.ts'

const fill = async () => {
  const FOREMAN_DB_PATH = path.join(temporaryDirectory(), 'queue.db')
  await fillPast({ FOREMAN_DB_PATH }, 1)
  const store = await openStore(FOREMAN_DB_PATH, { role: 'gateway' })
  onTestFinished(() => store.close())
  const states: Record<string, number> = {}
  for await (const step of store.records.list({ limit: 10_000 }))
    for (const { state } of step) states[state] = (states[state] ?? 0) + 1
  return { store, states, FOREMAN_DB_PATH }
}

test('a past of an hour has jobs in all states, webhooks, a hold, and fewer loads than in order of arrival', async () => {
  const { store, states, FOREMAN_DB_PATH } = await fill()
  expect(states['succeeded']).toBeGreaterThan(900)
  for (const state of ['queued', 'failed', 'cancelled']) expect(states[state]).toBeGreaterThan(0)

  expect(await store.history.since()).toBeLessThan(store.now() - 3_500_000)
  const tallies = await store.history.tallies()
  const counted = (name: string) =>
    tallies.filter(tally => tally.name === name).reduce((sum, { value }) => sum + value, 0)
  expect(counted('loads')).toBeGreaterThan(0)
  expect(counted('loads')).toBeLessThan(counted('loads_in_arrival_order') / 2)

  const messages = await Array.fromAsync(store.deliveries.list({ limit: 1_000 }))
  expect(new Set(messages.flat().map(({ state }) => state))).toEqual(new Set(['delivered', 'dead']))
  expect(await store.holds.list(store.now())).toMatchObject([{ kind: 'model' }])
  const reader = await openReader(FOREMAN_DB_PATH)
  onTestFinished(() => reader.close())
  expect((await reader.history.turns({ from: 0, until: store.now() }, 10_000)).length).toBeGreaterThan(50)
})

test('its requests are the same ones each time', () => {
  const [one, other] = [hourOf(randomOf(7)), hourOf(randomOf(7))]
  expect(one).toEqual(other)
  expect(hourOf(randomOf(8))).not.toEqual(one)
})
