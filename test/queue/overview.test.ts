import { type ArrivalOrder, BACKUP, type QueueSnapshot } from '@foreman/jobs'
import { expect, onTestFinished, test } from 'vitest'
import { endless, startJobs } from '../harness/jobs.ts'
import { metricsAt, seriesIn } from '../harness/metrics.ts'
import { send } from '../harness/request.ts'
import { until } from '../harness/until.ts'

const ROLES = { FOREMAN_TOKENS: 'ann:a,bob:b', FOREMAN_OPERATOR_TOKEN: 'o', FOREMAN_VIEWER_TOKEN: 'v' }
const as = (token: string) => ({ authorization: `Bearer ${token}` })
const job = (model: string) => ({ request: { model, prompt: 'hi', options: { num_predict: 3 } } })

/** Watches the events of the queue. */
const openEvents = async (url: string, token: string) => {
  const cut = new AbortController()
  onTestFinished(() => cut.abort())
  const answer = await fetch(`${url}/queue/events`, { headers: as(token), signal: cut.signal })
  const seen: { readonly name: string; readonly data: Record<string, unknown> }[] = []
  let text = ''
  const read = async (): Promise<void> => {
    for await (const chunk of answer.body!.pipeThrough(new TextDecoderStream())) {
      const blocks = (text + chunk).split('\n\n')
      text = blocks.pop()!
      for (const block of blocks) {
        const [, name, data] = /^event: (\w+)\ndata: (.*)$/.exec(block) ?? []
        if (name) seen.push({ name, data: JSON.parse(data!) as Record<string, unknown> })
      }
    }
  }
  void read().catch(() => undefined)
  return {
    /** The next events of a name, once there are so many. */
    take: async (name: string, count: number) => {
      const found = () => seen.filter(event => event.name === name)
      await until(async () => found().length >= count)
      const taken = found()
      for (const event of taken) seen.splice(seen.indexOf(event), 1)
      return taken.map(({ data }) => data)
    },
  }
}

/** A job of ann runs until `release`. Behind it wait two of bob and one of ann. */
const startBlocked = async () => {
  const all = await startJobs({ sim: { tokensPerSecond: 50 }, variables: ROLES })
  const { id } = await all.submit(endless, as('a'))
  await until(async () => (await all.foreman.store.queue.ready(9)) === 0)
  for (const [token, model] of [
    ['b', 'gamma'],
    ['b', 'beta'],
    ['a', 'beta'],
  ] as const)
    await all.submit(job(model), as(token))
  const queue = async (token: string, query = '') =>
    (await all.ask('GET', `/queue${query}`, undefined, as(token))).json as unknown as QueueSnapshot
  return { ...all, id, queue, release: () => all.ask('DELETE', `/jobs/${id}`, undefined, as('a')) }
}

test('an operator sees what runs, who waits for what, and for whom', async () => {
  const { queue, id } = await startBlocked()
  const seen = await queue('o')
  expect(seen).toMatchObject({
    state: 'running',
    accepting: true,
    health: { degraded: false, reasons: [] },
    queued: 3,
    running: 1,
    delayed: 0,
    callers: [
      { caller: 'ann', queued: 1, running: 1 },
      { caller: 'bob', queued: 2, running: 0 },
    ],
  })
  const [target] = seen.targets
  expect(target).toMatchObject({
    name: 'default',
    state: 'up',
    slots: 1,
    turn: { models: ['alpha:latest'], reason: 'first', jobs_done: 0, jobs_left: 0 },
    in_flight: [{ job: id, model: 'alpha:latest', caller: 'ann' }],
  })
  expect(seen.groups.map(({ models, queued, why }) => [models, queued, why.code])).toEqual([
    [['gamma:latest'], { high: 0, normal: 1, low: 0 }, 'other_turn'],
    [['beta:latest'], { high: 0, normal: 2, low: 0 }, 'other_turn'],
  ])
})

test('a caller sees itself, its groups, and the others as one sum', async () => {
  const { queue } = await startBlocked()
  const seen = await queue('a')
  expect(seen.callers).toMatchObject([{ caller: 'ann' }, { caller: 'others', queued: 2, running: 0 }])
  expect(seen.groups.map(({ models }) => models)).toEqual([['beta:latest']])
  expect(JSON.stringify(seen)).not.toMatch(/bob|gamma/)
  expect((await queue('b')).targets[0]!.in_flight).toEqual([])
})

test('everybody is told who they are', async () => {
  const { ask } = await startJobs({ worker: false, variables: ROLES })
  const you = async (token: string) => (await ask('GET', '/queue/you', undefined, as(token))).json
  expect(await you('a')).toEqual({ name: 'ann', role: 'caller', has_tokens: true, dashboard: 'on' })
  expect(await you('v')).toEqual({ name: 'viewer', role: 'viewer', has_tokens: true, dashboard: 'on' })
  expect(await you('o')).toEqual({ name: 'operator', role: 'operator', has_tokens: true, dashboard: 'on' })
  expect((await ask('GET', '/queue/you')).status).toBe(401)
})

test('the same again is told by its tag, and only the wanted fields are sent', async () => {
  const { ask, queue } = await startBlocked()
  expect(Object.keys(await queue('v', '?fields=queued,state'))).toEqual(['state', 'queued'])
  const { headers } = await ask('GET', '/queue?fields=queued', undefined, as('v'))
  const etag = String(headers['etag'])
  const again = await ask('GET', '/queue?fields=queued', undefined, { ...as('v'), 'if-none-match': etag })
  expect(again.status).toBe(304)
  expect((await ask('GET', '/queue?fields=prompts', undefined, as('v'))).status).toBe(422)
})

test.each(['/queue', '/queue/you'])('what is cached of %s is for one page and one token', async path => {
  const { ask } = await startJobs({ worker: false, variables: ROLES })
  const page = { ...as('a'), origin: 'http://localhost:3000' }
  const { headers } = await ask('GET', path, undefined, page)
  expect([headers['access-control-allow-origin'], headers['vary']]).toEqual([
    'http://localhost:3000',
    'Origin, Authorization',
  ])
})

test('whoever watches gets a snapshot at once and after each change, and hears of jobs', async () => {
  const { foreman, release, submit } = await startBlocked()
  const watch = await openEvents(foreman.url, 'o')
  const [first] = await watch.take('queue', 1)
  expect(first).toMatchObject({ queued: 3, running: 1 })
  const { id } = await submit(job('beta'), as('a'))
  expect(await watch.take('job', 1)).toMatchObject([
    { job: id, state: 'queued', model: 'beta:latest', caller: 'ann' },
  ])
  expect(await watch.take('queue', 1)).toMatchObject([{ queued: 4 }])
  await release()
  const ends = (await watch.take('job', 9)).filter(
    ({ state }) => state === 'succeeded' || state === 'cancelled',
  )
  expect(ends.length).toBe(5)
})

test('a caller hears of its own jobs only', async () => {
  const { foreman, submit } = await startBlocked()
  const watch = await openEvents(foreman.url, 'a')
  await watch.take('queue', 1)
  await submit(job('beta'), as('b'))
  const { id } = await submit(job('beta'), as('a'))
  expect((await watch.take('job', 1)).map(event => event['job'])).toEqual([id])
})

test('what happened is shown as a timeline, by time and by model', async () => {
  const { ask, submit, ended, foreman } = await startJobs({ sim: { loadMs: 200 } })
  for (const model of ['alpha', 'alpha', 'beta']) await ended((await submit(job(model))).id)
  await until(async () => !(await foreman.store.history.isDue()))
  const { turns } = (await ask('GET', '/queue/timeline')).json as {
    turns: { models: string[]; jobs: number }[]
  }
  expect(turns).toMatchObject([
    { models: ['alpha:latest'], jobs: 2, end: 'dry' },
    { models: ['beta:latest'], jobs: 1 },
  ])
  const { steps } = (await ask('GET', '/queue/history?step=1m')).json as { steps: { succeeded: number }[] }
  expect(steps.reduce((sum, { succeeded }) => sum + succeeded, 0)).toBe(3)
  const { models } = (await ask('GET', '/queue/models')).json as { models: { model: string; jobs: number }[] }
  expect(models).toMatchObject([
    { model: 'alpha:latest', jobs: 2 },
    { model: 'beta:latest', jobs: 1 },
  ])
  const { hour, ever } = (await ask('GET', '/queue')).json as unknown as QueueSnapshot
  expect([hour.succeeded, hour.loads, ever.loads, ever.jobs]).toEqual([3, 2, 2, 3])
})

test('beside what happened stands what the order of arrival would have done', async () => {
  const { ask, submit, ended, foreman } = await startJobs({
    sim: { loadMs: 200, maxLoaded: 1 },
    worker: false,
  })
  const submitted = []
  for (const model of ['alpha', 'beta', 'alpha', 'beta']) submitted.push(await submit(job(model)))
  foreman.startWorker()
  for (const { id } of submitted) await ended(id)
  await until(async () => !(await foreman.store.history.isDue()))
  const order = (await ask('GET', '/queue/arrival-order')).json as unknown as ArrivalOrder
  expect(order).toMatchObject({ jobs: 4, loads: 4, is_cut: false, actual: { loads: 2 } })
  expect(order.turns.map(({ models }) => models.join())).toEqual(
    ['alpha', 'beta', 'alpha', 'beta'].map(model => `${model}:latest`),
  )
  const later = `?from=${new Date(Date.now() + 60_000).toISOString()}&until=2100-01-01T00:00:00Z`
  expect((await ask('GET', `/queue/arrival-order${later}`)).json).toMatchObject({ jobs: 0 })
})

test('what is in memory is shown with its size and its end, whoever has loaded it', async () => {
  const { ask, submit, ended, foreman } = await startJobs({ variables: { FOREMAN_POLL_INTERVAL: '100ms' } })
  await ended((await submit(job('alpha'))).id)
  await send(foreman.url, { path: '/api/embed', body: JSON.stringify({ model: 'embed', input: 'hi' }) })
  const residents = async () => {
    const { targets } = (await ask('GET', '/queue?fields=targets')).json as unknown as QueueSnapshot
    return targets[0]!.resident
  }
  await until(async () => (await residents()).length === 2)
  const known = { memory_bytes: expect.any(Number) as number, expires_at: expect.any(String) as string }
  const group = expect.stringMatching(/^g_/) as string
  expect(await residents()).toEqual([
    { model: 'alpha:latest', group, ...known },
    { model: 'embed:latest', ...known },
  ])
})

test('it is known when the newest backup was made', async () => {
  const { ask, foreman } = await startJobs({ worker: false })
  const backupAt = async () =>
    ((await ask('GET', '/queue?fields=storage')).json as unknown as QueueSnapshot).storage!.last_backup_at
  const metric = async () =>
    seriesIn(await metricsAt(foreman.url)).get('foreman_last_backup_timestamp_seconds')
  expect([await backupAt(), await metric()]).toEqual([undefined, undefined])
  const at = Date.parse('2026-01-31T12:00:00Z')
  await foreman.store.operations.note({ by: 'operator', action: BACKUP, subject: 'a.db' }, at)
  await until(async () => (await backupAt()) === '2026-01-31T12:00:00.000Z')
  await until(async () => (await metric()) === at / 1_000)
})

test.each<[path: string, status: number]>([
  ['/queue/history?step=soon', 422],
  ['/queue/history?from=2026-01-01T00:00:00Z&until=2026-02-01T00:00:00Z', 422],
  ['/queue/timeline?from=yesterday', 422],
  ['/queue/timeline?from=2026-01-02T00:00:00Z&until=2026-01-01T00:00:00Z', 422],
  ['/queue/nothing', 404],
])('%s is answered with %i', async (path, status) => {
  const { ask } = await startJobs()
  expect((await ask('GET', path)).status).toBe(status)
})
