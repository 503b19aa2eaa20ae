import { listJobs } from '@foreman/store/testing'
import { expect, test } from 'vitest'
import { endless, startJobs } from '../harness/jobs.ts'
import { until } from '../harness/until.ts'

const user = (name: string) => ({ 'x-foreman-user': name })
const job = (model = 'alpha') => ({ request: { model, prompt: 'hi', options: { num_predict: 1 } } })

/** Who has sent the jobs, in the order in which they started. */
const started = async ({ foreman }: Awaited<ReturnType<typeof startJobs>>): Promise<string[]> => {
  const ended = () => listJobs(foreman.store, { state: 'succeeded' })
  await until(async () => (await foreman.store.records.queued()) === 0 && (await ended()).length > 0)
  await until(async () => (await listJobs(foreman.store, { state: 'running' })).length === 0)
  const jobs = await ended()
  return jobs.toSorted((a, b) => (a.startedAt ?? 0) - (b.startedAt ?? 0)).map(({ sender }) => sender)
}

/** A job runs until `release`, so that the jobs behind it wait together. */
const startBlocked = async (variables: Record<string, string> = {}) => {
  const all = await startJobs({ sim: { tokensPerSecond: 50 }, variables })
  const { id } = await all.submit(endless, user('nobody'))
  await until(async () => (await listJobs(all.foreman.store, { state: 'running' })).length === 1)
  return { ...all, release: () => all.ask('DELETE', `/jobs/${id}`) }
}

test('one user with many jobs does not keep another waiting behind all of them', async () => {
  const all = await startBlocked()
  for (let n = 0; n < 6; n++) await all.submit(job(), user('bulk'))
  for (let n = 0; n < 2; n++) await all.submit(job(), user('light'))
  await all.release()
  const order = await started(all)
  expect(order.slice(0, 4).filter(name => name === 'light')).toHaveLength(2)
  expect(order).toHaveLength(8)
})

test('with FOREMAN_FAIR_HALFLIFE=0, or when nobody shares, the order of arrival decides', async () => {
  for (const variables of [{ FOREMAN_FAIR_HALFLIFE: '0' }, { FOREMAN_SHARE_BY: 'off' }]) {
    const all = await startBlocked(variables)
    const names = ['bulk', 'bulk', 'bulk', 'light']
    const ids = []
    for (const name of names) ids.push((await all.submit(job(), user(name))).id)
    await all.release()
    for (const id of ids) await all.ended(id)
    const jobs = await listJobs(all.foreman.store, { state: 'succeeded' })
    expect(jobs.toSorted((a, b) => (a.startedAt ?? 0) - (b.startedAt ?? 0)).map(({ id }) => id)).toEqual(ids)
  }
})

test('users are told apart by what OpenAI and Anthropic call them, and a repeated job keeps its sender', async () => {
  const all = await startJobs()
  const messages = [{ role: 'user', content: 'hi' }]
  const chat = { model: 'plain', messages }
  await all.ask('POST', '/v1/chat/completions', { ...chat, user: 'ann' })
  await all.ask('POST', '/v1/messages', { ...chat, max_tokens: 1, metadata: { user_id: 'bob' } })
  const { id } = await all.submit({ request: { ...chat, user: 'eve' } })
  await all.ended(id)
  await all.ask('POST', `/jobs/${id}/retry`)
  const senders = (await listJobs(all.foreman.store)).toSorted((a, b) => a.seq - b.seq)
  expect(senders.map(({ account, sender }) => [account, sender])).toEqual(
    ['ann', 'bob', 'eve', 'eve'].map(name => ['127.0.0.1', name]),
  )
})
