import { expect, test } from 'vitest'
import { hello, startJobs } from '../harness/jobs.ts'

const variables = { FOREMAN_TOKEN: 'd', FOREMAN_TOKENS: 'ann:a,bob:b' }
const as = (token: string, more: Record<string, string> = {}) => ({
  authorization: `Bearer ${token}`,
  ...more,
})

test('several callers see what is their own and nothing else', async () => {
  const { ask } = await startJobs({ worker: false, variables })
  const anns = await ask('POST', '/jobs', hello, as('a'))
  const bobs = await ask('POST', '/jobs', hello, as('b'))
  const nameless = await ask('POST', '/jobs', hello, as('d'))
  expect([anns, bobs, nameless].map(({ json }) => json['caller'])).toEqual(['ann', 'bob', 'default'])
  const listed = async (token: string, query = '') =>
    ((await ask('GET', `/jobs${query}`, undefined, as(token))).json['jobs'] as { id: string }[]).map(
      ({ id }) => id,
    )
  expect(await listed('a')).toEqual([anns.json['id']])
  expect(await listed('b')).toEqual([bobs.json['id']])
  expect(await listed('a', '?caller=bob')).toEqual([])
  const id = String(bobs.json['id'])
  const routes: [method: string, path: string][] = [
    ['GET', ''],
    ['DELETE', ''],
    ['POST', '/cancel'],
    ['POST', '/retry'],
    ['GET', '/events'],
    ['GET', '/stream'],
    ['GET', '/deliveries'],
    ['GET', '/deliveries/msg_1'],
    ['POST', '/deliveries/msg_1/redeliver'],
  ]
  for (const [method, path] of routes) {
    const answer = await ask(method, `/jobs/${id}${path}`, undefined, as('a'))
    expect([method, path, answer.json.code]).toEqual([method, path, 'job_not_found'])
  }
  expect((await ask('GET', `/jobs/${id}`, undefined, as('b'))).json['state']).toBe('queued')
  expect((await ask('GET', '/jobs')).json).toMatchObject({ status: 401, code: 'unauthorized' })
})

test("a key is its caller's own", async () => {
  const { ask } = await startJobs({ worker: false, variables })
  const key = { 'idempotency-key': 'k' }
  const anns = await ask('POST', '/jobs', hello, as('a', key))
  const bobs = await ask('POST', '/jobs', { ...hello, priority: 'low' }, as('b', key))
  expect([anns.status, bobs.status]).toEqual([202, 202])
  expect(bobs.json['id']).not.toBe(anns.json['id'])
})

test('a caller that is alone sees all there is', async () => {
  const { ask } = await startJobs({ worker: false, variables: { FOREMAN_TOKENS: 'ann:a' } })
  await ask('POST', '/jobs', hello, as('a'))
  expect((await ask('GET', '/jobs?caller=ann', undefined, as('a'))).json['jobs']).toHaveLength(1)
})
