import { newJob } from '@foreman/store/testing'
import express from 'express'
import { pino } from 'pino'
import { expect, test } from 'vitest'
import { setWho } from '../access/roles.ts'
import { serve } from '../testing/serve.ts'
import { tempStore } from '../testing/temp-store.ts'
import { JobPresenter } from './presenter.ts'
import { listJobs, type ReadContext } from './read.ts'

/** Three jobs, of which the last is urgent, and a list of them whose pages look at two jobs each. */
const start = async () => {
  const store = await tempStore()
  const jobs = (['low', 'low', 'high'] as const).map(priority => newJob({ priority }))
  await store.submissions.enqueue({ jobs, groupKeyOf: () => 'm', now: 1_000 })
  const { records } = store
  const lookBack: typeof records.lookBack = (_numbers, conditions) => records.lookBack(2, conditions)
  const presenter = new JobPresenter({ store, reveal: 'on' } as ConstructorParameters<typeof JobPresenter>[0])
  const seen = { ...store, records: { ...records, lookBack } }
  const context = {
    store: seen,
    presenter,
    reveal: 'on',
    patience: { stallMs: 1_000 },
  } as unknown as ReadContext
  const app = express()
  app.use((_request, response, next) => {
    setWho(response, { role: 'operator', caller: 'default' })
    next()
  })
  app.get('/jobs', listJobs({ ...context, logger: pino({ level: 'silent' }) }))
  const url = await serve(app)
  const ids = jobs.map(({ id }) => id)
  const page = async (query: string) => {
    const json = (await (await fetch(`${url}/jobs?${query}`)).json()) as Record<string, unknown>
    return { ...json, jobs: (json['jobs'] as { id: string }[]).map(({ id }) => ids.indexOf(id)) }
  }
  return { page }
}

const SEARCHED_TO = '1970-01-01T00:00:01.000Z'

test('a page for what no index finds says how far it has looked, and the next one goes on there', async () => {
  const { page } = await start()
  expect(await page('priority=low')).toEqual({ jobs: [1], next_cursor: '2', searched_to: SEARCHED_TO })
  expect(await page('priority=low&cursor=2')).toEqual({ jobs: [0], next_cursor: null })
  expect(await page('priority=normal')).toEqual({ jobs: [], next_cursor: '2', searched_to: SEARCHED_TO })
})

test('a page that is full goes on behind its last job', async () => {
  const { page } = await start()
  expect(await page('caller=default&state=queued&limit=1')).toEqual({ jobs: [2], next_cursor: '3' })
})

test('a page for what an index finds looks at all jobs', async () => {
  const { page } = await start()
  expect(await page('state=queued')).toEqual({ jobs: [2, 1, 0], next_cursor: null })
})
