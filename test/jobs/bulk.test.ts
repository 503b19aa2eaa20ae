import type { Job } from '@foreman/foreman-client'
import { describe, expect, test } from 'vitest'
import { hello, startJobs } from '../harness/jobs.ts'
import { until } from '../harness/until.ts'

const variables = { FOREMAN_TOKENS: 'ann:a:normal,bob:b', FOREMAN_OPERATOR_TOKEN: 'o' }
const as = (token: string) => ({ authorization: `Bearer ${token}` })

/** A foreman with several callers, and words for operations on many jobs. */
const start = async (options: Parameters<typeof startJobs>[0] = {}) => {
  const jobs = await startJobs({ worker: false, variables, ...options })
  const { ask } = jobs
  const submitMany = async (count: number, token: string, submission: object = hello) => {
    const lines = Array.from({ length: count }, () => JSON.stringify(submission)).join('\n')
    const headers = { ...as(token), 'content-type': 'application/jsonl' }
    const { json } = await ask('POST', '/jobs/batch', lines, headers)
    return (json['jobs'] as { id: string }[]).map(({ id }) => id)
  }
  const act = (order: object, token = 'o') => ask('POST', '/jobs/actions', order, as(token))
  const read = async (id: unknown) =>
    (await ask('GET', `/queue/operations/${String(id)}`, undefined, as('o'))).json
  /** The operation, when it has ended. */
  const ended = async (id: unknown) => {
    await until(async () => (await read(id))['state'] !== 'running')
    return read(id)
  }
  const carriedOut = async (order: object, token = 'o') => {
    const { json } = await act(order, token)
    return ended(json['id'])
  }
  const count = async (filter: object) =>
    (await act({ action: 'cancel', filter, dry_run: true })).json['matched']
  const list = async (query = '') =>
    (await ask('GET', `/jobs?limit=500${query}`, undefined, as('o'))).json['jobs'] as Job[]
  return { ...jobs, submitMany, act, read, ended, carriedOut, count, list }
}

describe('an operation on many jobs', () => {
  test('is counted before it is done, and not done when the number is another one', async () => {
    const { submitMany, act, count, carriedOut, list } = await start()
    await submitMany(3, 'a')
    await submitMany(2, 'b', { ...hello, priority: 'low' })
    expect(await count({})).toBe(5)
    expect(await count({ caller: 'ann' })).toBe(3)
    expect(await count({ priority: 'low', model: 'plain' })).toBe(2)
    const order = { action: 'cancel', filter: { caller: 'bob' } }
    const refused = await act({ ...order, expect: 3 })
    expect(refused.json).toMatchObject({ status: 409, code: 'count_differs', matched: 2 })
    expect(await carriedOut({ ...order, expect: 2, reason: 'a mistake' })).toMatchObject({
      action: 'cancel',
      state: 'done',
      matched: 2,
      done: 2,
      by: 'operator',
      reason: 'a mistake',
      detail: { filter: { caller: 'bob' } },
    })
    expect((await list('&state=cancelled')).map(({ caller }) => caller)).toEqual(['bob', 'bob'])
    expect(await count({ caller: 'bob' })).toBe(0)
  })

  test('of a caller is about its own jobs, whatever its filter says', async () => {
    const { submitMany, act, carriedOut, count } = await start()
    await submitMany(2, 'a')
    await submitMany(2, 'b')
    const cancel = { action: 'cancel', filter: {} }
    expect((await act({ ...cancel, dry_run: true }, 'a')).json).toEqual({ matched: 2 })
    const ofBob = { action: 'cancel', filter: { caller: 'bob' }, dry_run: true }
    expect((await act(ofBob, 'a')).json).toEqual({ matched: 0 })
    expect(await carriedOut(cancel, 'a')).toMatchObject({ by: 'ann', done: 2 })
    expect(await count({})).toBe(2)
    const above = await act({ action: 'priority', priority: 'high', filter: {} }, 'a')
    expect(above.json).toMatchObject({ status: 422, errors: [{ pointer: '/priority' }] })
  })

  test('changes the priority of those that have another', async () => {
    const { submitMany, carriedOut, list } = await start()
    await submitMany(2, 'b')
    await submitMany(1, 'b', { ...hello, priority: 'high' })
    const order = { action: 'priority', priority: 'high', filter: { model: 'plain' } }
    expect(await carriedOut(order)).toMatchObject({ state: 'done', matched: 2, done: 2 })
    expect((await list()).map(({ priority }) => priority)).toEqual(['high', 'high', 'high'])
    expect(await carriedOut(order)).toMatchObject({ state: 'done', matched: 0, done: 0 })
  })

  test('repeats each job once, in the old order, however often it is sent', async () => {
    const { submitMany, carriedOut, list } = await start()
    const ids = await submitMany(3, 'a', { ...hello, metadata: { a: 1 } })
    await carriedOut({ action: 'cancel', filter: {} })
    const order = { action: 'retry', filter: { state: 'cancelled' } }
    expect(await carriedOut(order)).toMatchObject({ state: 'done', matched: 3, done: 3 })
    expect(await carriedOut(order)).toMatchObject({ state: 'done', matched: 0 })
    const repeated = (await list('&state=queued')).toReversed()
    expect(repeated.map(({ retry_of: of }) => of)).toEqual(ids)
    expect(repeated[0]).toMatchObject({ caller: 'ann', metadata: { a: 1 } })
    // The repetitions are jobs like any other.
    await carriedOut({ action: 'cancel', filter: {} })
    expect(await carriedOut(order)).toMatchObject({ matched: 3, done: 3 })
    expect(await list('&state=queued')).toHaveLength(3)
  })

  test.each<[what: string, order: object, pointer: string]>([
    ['no filter', { action: 'cancel' }, '/filter'],
    ['an unknown filter', { action: 'cancel', filter: { path: '/' } }, '/filter'],
    ['an unknown action', { action: 'delete', filter: {} }, '/action'],
    ['no priority', { action: 'priority', filter: {} }, '/priority'],
    ['a priority too many', { action: 'cancel', priority: 'low', filter: {} }, '/priority'],
    ['a retry of all', { action: 'retry', filter: {} }, '/filter/state'],
    ['a retry of queued jobs', { action: 'retry', filter: { state: 'queued' } }, '/filter/state'],
    ['a cancellation of ended jobs', { action: 'cancel', filter: { state: 'failed' } }, '/filter/state'],
  ])('is refused with %s', async (_what, order, pointer) => {
    const { act } = await start()
    expect((await act(order)).json).toMatchObject({ status: 422, errors: [{ pointer }] })
  })

  test('is refused to a page of another origin, where everybody is the operator', async () => {
    const { ask } = await startJobs({ worker: false, variables: { FOREMAN_ORIGINS: '*' } })
    const order = { action: 'cancel', filter: {} }
    const headers = { origin: 'https://example.com' }
    expect((await ask('POST', '/jobs/actions', order, headers)).status).toBe(403)
    expect((await ask('POST', '/jobs/actions', order)).status).toBe(202)
  })

  test('is stopped in the middle: what is done stays done, and the rest is left', async () => {
    const { submitMany, act, ask, ended, count, carriedOut } = await start()
    await submitMany(2_000, 'a')
    const order = { action: 'cancel', filter: { caller: 'ann' } }
    const { json, headers } = await act({ ...order, expect: 2_000 })
    expect(json).toMatchObject({ state: 'running', matched: 2_000, done: 0 })
    const stopped = await ask('DELETE', headers['location'] as string, undefined, as('o'))
    expect(stopped.json).toMatchObject({ state: 'running', stop_requested: true })
    const operation = await ended(json['id'])
    const done = operation['done'] as number
    expect(operation).toMatchObject({ state: 'stopped', matched: 2_000 })
    expect(done).toBeGreaterThan(0)
    expect(done).toBeLessThan(2_000)
    expect(await count({})).toBe(2_000 - done)
    expect((await ask('DELETE', headers['location'] as string, undefined, as('o'))).json).toEqual(operation)
    expect(await carriedOut(order)).toMatchObject({ state: 'done', done: 2_000 - done })
    expect(await count({})).toBe(0)
  })

  test('serves others meanwhile', async () => {
    const { submitMany, act, read, submit } = await start()
    await submitMany(2_000, 'a')
    const { json } = await act({ action: 'cancel', filter: { caller: 'ann' } })
    const submitted = await submit(hello, as('b'))
    expect(await read(json['id'])).toMatchObject({ state: 'running' })
    expect(submitted).toMatchObject({ state: 'queued', caller: 'bob' })
  })
})
