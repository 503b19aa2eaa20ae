import type { Job } from '@foreman/foreman-client'
import { describe, expect, test } from 'vitest'
import { hello, startJobs } from '../harness/jobs.ts'

const FAR = '2999-01-31T12:00:00.000Z'

const variables = { FOREMAN_TOKENS: 'ann:a:normal,bob:b', FOREMAN_OPERATOR_TOKEN: 'o' }
const as = (token: string) => ({ authorization: `Bearer ${token}` })

/** A foreman without a worker, a queued job of ann, and a word for changing it. */
const start = async () => {
  const jobs = await startJobs({ worker: false, variables })
  const { id } = await jobs.submit(hello, as('a'))
  const change = (body: unknown, token = 'a') => jobs.ask('PATCH', `/jobs/${id}`, body, as(token))
  const operations = () => jobs.foreman.store.operations.list({ limit: 9 })
  return { ...jobs, id, change, operations }
}

describe('a change of a queued job', () => {
  test('sets its priority and its deadline, and answers with the job', async () => {
    const { change } = await start()
    const { status, json } = await change({ priority: 'low', deadline: '2999-01-31T14:00:00+02:00' })
    expect([status, json]).toMatchObject([200, { state: 'queued', priority: 'low', deadline: FAR }])
    expect((await change({ priority: 'normal' })).json).toMatchObject({ priority: 'normal', deadline: FAR })
    const without = (await change({ deadline: null })).json
    expect(without).toMatchObject({ priority: 'normal' })
    expect(without).not.toHaveProperty('deadline')
  })

  test.each<[what: string, body: unknown, status: number, pointer: string | undefined]>([
    ['nothing to change', {}, 422, ''],
    ['another member', { priority: 'low', model: 'x' }, 422, ''],
    ['an unknown priority', { priority: 'urgent' }, 422, '/priority'],
    ['a priority above that of its token', { priority: 'high' }, 422, '/priority'],
    ['a deadline that has passed', { deadline: '2020-01-01T00:00:00Z' }, 422, '/deadline'],
    ['a deadline that is no time', { deadline: 'soon' }, 422, '/deadline'],
    ['no JSON', '{', 400, undefined],
  ])('is refused with %s', async (_what, body, status, pointer) => {
    const { change, ask, id } = await start()
    const refused = await change(body)
    expect(refused).toMatchObject({ status, json: pointer === undefined ? {} : { errors: [{ pointer }] } })
    const { json } = await ask('GET', `/jobs/${id}`, undefined, as('a'))
    expect(json as unknown as Job).toMatchObject({ priority: 'normal' })
  })

  test('is refused when the job is not queued, with its state', async () => {
    const { change, ask, id, operations } = await start()
    await ask('DELETE', `/jobs/${id}`, undefined, as('a'))
    for (const token of ['a', 'o'])
      expect((await change({ priority: 'low' }, token)).json).toMatchObject({
        status: 409,
        code: 'not_queued',
        state: 'cancelled',
      })
    expect(await operations()).toEqual([])
  })

  test('of an operator may give any priority, and is written down; that of its caller is not', async () => {
    const { change, id, operations } = await start()
    await change({ priority: 'low' })
    expect(await operations()).toEqual([])
    const { json } = await change({ priority: 'high', reason: 'asked for it' }, 'o')
    expect(json).toMatchObject({ priority: 'high', caller: 'ann' })
    expect(await operations()).toMatchObject([
      { by: 'operator', action: 'change', subject: id, reason: 'asked for it', detail: { priority: 'high' } },
    ])
  })
})
