import type { Job } from '@foreman/foreman-client'
import { expect, test } from 'vitest'
import { hello, startJobs } from '../harness/jobs.ts'
import { until } from '../harness/until.ts'

const ROLES = { FOREMAN_TOKENS: 'ann:a,bob:b', FOREMAN_OPERATOR_TOKEN: 'o', FOREMAN_VIEWER_TOKEN: 'v' }

const as = (token: string) => ({ authorization: `Bearer ${token}` })

/** Two batches of ann, and a job of bob. */
const start = async (variables: Record<string, string> = {}) => {
  const jobs = await startJobs({ worker: false, variables: { ...ROLES, ...variables } })
  const { ask, submit } = jobs
  const batchOf = async (...all: object[]) => {
    const headers = { ...as('a'), 'content-type': 'application/json' }
    const submissions = all.map(metadata => ({ ...hello, metadata }))
    return (await ask('POST', '/jobs/batch', submissions, headers)).json['batch'] as string
  }
  const first = await batchOf({ page: 1, tag: 'x' }, { page: '2', tag: 'x' })
  const second = await batchOf({ page: 2, 'a b.c': true })
  await submit({ ...hello, metadata: { page: 2 } }, as('b'))
  const list = (query: string, token = 'o') =>
    ask('GET', `/jobs?limit=9&${query}`, undefined, as(token)) as Promise<
      Awaited<ReturnType<typeof ask>> & { json: { jobs?: Job[]; searched_to?: string } }
    >
  const pages = async (query: string, token?: string) =>
    (await list(query, token)).json.jobs?.map(({ metadata }) => metadata?.['page'])
  return { ...jobs, first, second, list, pages }
}

test('jobs are listed by their batch, by time, and by what their metadata has', async () => {
  const { first, second, pages, list } = await start()
  expect(await pages(`batch=${first}`)).toEqual(['2', 1])
  expect(await pages(`batch=${second}`)).toEqual([2])
  expect(await pages(`batch=${second}`, 'b')).toEqual([])
  expect(await pages('meta.page=2')).toEqual([2, 2, '2'])
  expect(await pages('meta.page=2', 'a')).toEqual([2, '2'])
  expect(await pages(`meta.page=2&batch=${first}`)).toEqual(['2'])
  expect(await pages('meta.page=2&meta.tag=x')).toEqual(['2'])
  expect(await pages(`${encodeURIComponent('meta.a b.c')}=true`)).toEqual([2])
  expect(await pages('meta.page=3')).toEqual([])
  const [newest] = (await list('')).json.jobs!
  expect(await pages(`until=${newest!.created_at}&caller=bob`)).toEqual([])
  expect(await pages(`since=${newest!.created_at}&caller=bob&until=2999-01-31T12:00:00Z`)).toEqual([2])
})

test.each([
  ['meta=x', '/meta'],
  ['meta.=x', '/meta/'],
  ['meta.a=x&meta.a=y', '/meta/a'],
  [Array.from({ length: 9 }, (_, at) => `meta.${at}=x`).join('&'), '/meta'],
  ['until=yesterday', '/until'],
  ['batch=', '/batch'],
])('a list is refused with %s', async (query, pointer) => {
  const { list } = await start()
  expect((await list(query)).json).toMatchObject({ status: 422, errors: [{ pointer }] })
})

test('whoever may not see metadata cannot find out by a filter what is in it', async () => {
  const { ask, list, pages } = await start({ FOREMAN_REVEAL: 'off' })
  const count = async (filter: object, token: string) =>
    (await ask('POST', '/jobs/actions', { action: 'cancel', filter, dry_run: true }, as(token))).status
  for (const token of ['o', 'v']) {
    expect((await list('meta.page=2', token)).status).toBe(403)
    expect(await count({ meta: { page: 2 } }, token)).toBe(403)
  }
  expect(await count({ meta: { page: 2 }, caller: 'operator' }, 'o')).toBe(200)
  expect(await pages('meta.page=2', 'b')).toEqual([2])
})

test('jobs of a batch, of a time and with some metadata are cancelled, and the operation does not tell the metadata', async () => {
  const { ask, first, pages } = await start()
  const cancel = (filter: object) => ask('POST', '/jobs/actions', { action: 'cancel', filter }, as('o'))
  expect((await cancel({ meta: { page: 2 }, until: '2020-01-31T12:00:00Z' })).json['matched']).toBe(0)
  const { json } = await cancel({ meta: { page: 2, tag: 'x' }, batch: first })
  expect(json).toMatchObject({ matched: 1, detail: { filter: { batch: first, meta: true } } })
  await until(async () => (await pages('state=cancelled'))?.length === 1)
  expect(await pages('state=cancelled')).toEqual(['2'])
})
