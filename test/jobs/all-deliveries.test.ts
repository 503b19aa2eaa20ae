import { describe, expect, test } from 'vitest'
import { hello, startJobs } from '../harness/jobs.ts'
import { startReceiver, webhookVariables } from '../harness/receiver.ts'
import { until } from '../harness/until.ts'

const variables = {
  ...webhookVariables,
  FOREMAN_TOKENS: 'ann:a,bob:b',
  FOREMAN_OPERATOR_TOKEN: 'o',
  FOREMAN_VIEWER_TOKEN: 'v',
}
const as = (token: string) => ({ authorization: `Bearer ${token}` })

interface Listed {
  readonly id: string
  readonly job: string
  readonly caller: string
  readonly state: string
}

/** A foreman whose receiver is gone, so that its messages are dead. */
const start = async () => {
  const reply = { status: 410, headers: {}, body: 'gone' }
  const receiver = await startReceiver(() => reply)
  const jobs = await startJobs({ variables })
  const { ask } = jobs
  const list = async (query = '', token = 'o') => {
    const { json } = await ask('GET', `/deliveries${query}`, undefined, as(token))
    return { ...json, deliveries: json['deliveries'] as Listed[] }
  }
  /** Submits a job, and waits until its message is dead. */
  const deadMessage = async (token: string) => {
    const { id } = await jobs.submit({ ...hello, webhook: { url: receiver.url } }, as(token))
    await until(async () =>
      (await list('', token)).deliveries.some(({ job, state }) => job === id && state === 'dead'),
    )
    return id
  }
  const redeliver = (order: object, token = 'o') => ask('POST', '/deliveries/redeliver', order, as(token))
  const host = new URL(receiver.url).host
  return { ...jobs, receiver, reply, list, deadMessage, redeliver, host }
}

describe('the webhooks of all jobs', () => {
  test('are listed for whoever may see them, the newest first, by state and host', async () => {
    const { list, deadMessage, host } = await start()
    const [ofAnn, ofBob] = [await deadMessage('a'), await deadMessage('b')]
    const jobsOf = async (query: string, token?: string) =>
      (await list(query, token)).deliveries.map(({ job }) => job)
    for (const token of ['o', 'v']) expect(await jobsOf('', token)).toEqual([ofBob, ofAnn])
    expect(await jobsOf('', 'a')).toEqual([ofAnn])
    expect(await jobsOf('?caller=bob', 'a')).toEqual([])
    expect(await jobsOf('?caller=bob')).toEqual([ofBob])
    expect(await jobsOf(`?state=dead&host=${host}`)).toEqual([ofBob, ofAnn])
    expect(await jobsOf('?state=pending')).toEqual([])
    expect(await jobsOf('?host=elsewhere.example')).toEqual([])
    expect(await jobsOf('?until=2020-01-01T00:00:00Z')).toEqual([])
    const first = await list('?limit=1')
    expect(first.deliveries).toMatchObject([{ job: ofBob, caller: 'bob', state: 'dead' }])
    const next = await list(`?limit=1&before=${String((first as Record<string, unknown>)['next_before'])}`)
    expect(next).toMatchObject({ deliveries: [{ job: ofAnn }], next_before: null })
  })

  test('are counted for each receiver, and what is wrong with it is shown, but nothing that it said', async () => {
    const { ask, deadMessage, host } = await start()
    for (const token of ['a', 'b']) await deadMessage(token)
    const { json, text } = await ask('GET', '/deliveries/receivers', undefined, as('v'))
    const at = expect.any(String) as string
    expect(json).toEqual({
      receivers: [{ host, pending: 0, dead: 2, last_at: at, last_error: { at, status: 410 }, gone_at: at }],
    })
    expect(text).not.toContain('"gone"')
  })

  test('are sent again by an operator, and those alone that are dead', async () => {
    const { deadMessage, redeliver, receiver, reply, list, host, ask } = await start()
    for (const token of ['a', 'b']) await deadMessage(token)
    reply.status = 204
    const order = { filter: { host, state: 'dead' }, reason: 'it is back' }
    expect((await redeliver({ ...order, dry_run: true })).json).toEqual({ matched: 2 })
    expect((await redeliver({ ...order, expect: 1 })).json).toMatchObject({ code: 'count_differs' })
    const { status, json } = await redeliver({ ...order, expect: 2 })
    expect([status, json]).toMatchObject([202, { action: 'redeliver', matched: 2, reason: 'it is back' }])
    await until(async () => (await list('?state=delivered')).deliveries.length === 2)
    const operation = await ask('GET', `/queue/operations/${String(json['id'])}`, undefined, as('o'))
    expect(operation.json).toMatchObject({ state: 'done', done: 2 })
    expect((await redeliver({ ...order, dry_run: true })).json).toEqual({ matched: 0 })
    expect(receiver.received).toHaveLength(4)
    expect((await redeliver(order, 'a')).status).toBe(403)
  })
})
