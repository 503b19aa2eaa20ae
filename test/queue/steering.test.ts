import { ForemanClient } from '@foreman/foreman-client'
import { startSim } from '@foreman/ollama-sim'
import { describe, expect, onTestFinished, test } from 'vitest'
import { endless, hello, startJobs } from '../harness/jobs.ts'
import { startGatewayProcess, startWorkerProcess, variablesFor } from '../harness/processes.ts'
import { post, send } from '../harness/request.ts'
import { until } from '../harness/until.ts'

const chat = (url: string, body: object = {}) =>
  post(url, '/api/chat', {
    model: 'plain',
    messages: [{ role: 'user', content: 'hi' }],
    stream: false,
    ...body,
  })

const clientOf = (url: string, token?: string) => new ForemanClient({ url, token, pauseMs: 20 })

const healthOf = async (url: string) => {
  const [health, ready] = await Promise.all(
    ['/healthz', '/readyz'].map(path => send(url, { method: 'GET', path })),
  )
  return { health: JSON.parse(health!.body.toString()) as object, ready: ready!.status }
}

describe('a pause', () => {
  test('is shown at once to whoever made it, and so is its end', async () => {
    const { foreman } = await startJobs()
    const { queue } = clientOf(foreman.url)
    const shown = async () => (await queue.snapshot({ fields: ['state'] })).state
    expect(await shown()).toBe('running')
    await queue.pause()
    expect(await shown()).toBe('paused')
    await queue.resume()
    expect(await shown()).toBe('running')
  })

  test('keeps a caller waiting, who gets the answer when it ends', async () => {
    const { foreman } = await startJobs()
    const client = clientOf(foreman.url)
    const paused = await client.queue.pause({ reason: 'a game' })
    expect(paused).toMatchObject({
      state: 'paused',
      accepting: true,
      holds: [{ kind: 'pause', reason: 'a game' }],
    })
    expect(await healthOf(foreman.url)).toEqual({
      health: { status: 'ok', degraded: false, paused: true },
      ready: 200,
    })
    const { id } = await client.submit(hello.request)
    const answered = chat(foreman.url)
    await until(async () => (await foreman.store.records.queued()) === 2)
    expect((await client.job(id)).why).toEqual({
      code: 'paused',
      text: '1st in line for plain; the queue is paused',
    })
    expect((await client.queue.resume()).state).toBe('running')
    expect((await answered).status).toBe(200)
    expect((await client.wait(id)).state).toBe('succeeded')
  })

  test('says how many deadlines pass, and ends by itself', async () => {
    const { foreman } = await startJobs()
    const client = clientOf(foreman.url)
    await client.queue.pause()
    for (const inMs of [3_600_000, 3 * 3_600_000])
      await client.submit(hello.request, { deadline: new Date(Date.now() + inMs) })
    expect(await client.queue.pause({ until: '2h' })).toMatchObject({ state: 'paused', deadlines_passing: 1 })
    await client.queue.pause({ until: '100ms' })
    await until(async () => (await foreman.store.records.queued()) === 0)
    expect((await client.queue.state()).state).toBe('running')
  })

  test('gives the target back: what runs is put back, and the models leave memory', async () => {
    const { foreman, sim } = await startJobs()
    const client = clientOf(foreman.url)
    const { id } = await client.submit(endless.request)
    await until(async () => (await client.job(id)).state === 'running')
    await client.queue.pause({ until: '2h', release: true, unload: true })
    await until(async () => (await client.job(id)).state === 'queued' && sim.resident().length === 0)
    await client.queue.resume()
    await until(async () => (await client.job(id)).state === 'running')
    await client.cancel(id)
  })

  test('outlives both processes', async () => {
    const sim = await startSim()
    onTestFinished(() => sim.close())
    const variables = variablesFor(sim.url)
    const start = async () => {
      const [worker, gateway] = [startWorkerProcess(variables), await startGatewayProcess(variables)]
      return { client: clientOf(gateway.url), url: gateway.url, processes: [worker, gateway] }
    }
    const first = await start()
    await first.client.queue.pause({ until: '2h' })
    const { id } = await first.client.submit(hello.request)
    for (const each of first.processes) each.kill('SIGKILL')
    await Promise.all(first.processes.map(({ ended }) => ended))
    const { client, url } = await start()
    await until(async () => {
      const { health } = await healthOf(url)
      return JSON.stringify(health) === JSON.stringify({ status: 'ok', degraded: false, paused: true })
    })
    expect(await client.queue.state()).toMatchObject({ state: 'paused' })
    expect(await client.job(id)).toMatchObject({ state: 'queued', attempts: 0 })
    await client.queue.resume()
    expect((await client.wait(id)).state).toBe('succeeded')
    const done = (await Array.fromAsync(client.queue.operations({ pageSize: 1 }))).map(({ action }) => action)
    expect(done).toEqual(['resume', 'pause'])
  })
})

describe('a closed queue', () => {
  test('takes no job, in any dialect, and runs what it has', async () => {
    const { foreman, ask } = await startJobs()
    const client = clientOf(foreman.url)
    await client.queue.pause()
    const { id } = await client.submit(hello.request)
    const keyed = { 'idempotency-key': 'k', prefer: 'respond-async' }
    const once = { model: 'plain', prompt: 'once' }
    const known = await ask('POST', '/api/generate', once, keyed)
    expect(await client.queue.close({ until: '90s', reason: 'moving' })).toMatchObject({
      state: 'paused',
      accepting: false,
    })
    const refused = await chat(foreman.url)
    expect([refused.status, refused.headers['retry-after'], JSON.parse(refused.body.toString())]).toEqual([
      503,
      '90',
      { error: 'the queue is closed: an operator lets it take no jobs' },
    ])
    const messages = [{ role: 'user', content: 'hi' }]
    for (const path of ['/v1/chat/completions', '/v1/messages']) {
      const { status, json } = await ask('POST', path, { model: 'plain', max_tokens: 9, messages })
      expect([status, json['error']]).toMatchObject([
        503,
        { message: expect.stringContaining('closed') as string },
      ])
    }
    for (const [path, body] of [
      ['/jobs', hello],
      ['/jobs/batch', [hello]],
    ] as const) {
      const { status, json } = await ask('POST', path, body, { 'content-type': 'application/json' })
      expect([status, json.code]).toEqual([503, 'closed'])
    }
    // What came before is answered again.
    expect((await ask('POST', '/api/generate', once, keyed)).json['id']).toBe(known.json['id'])
    expect(await healthOf(foreman.url)).toEqual({
      health: { status: 'ok', degraded: false, paused: true, closed: true },
      ready: 503,
    })
    await client.queue.resume()
    expect((await client.wait(id)).state).toBe('succeeded')
    expect((await client.queue.state()).state).toBe('closed')
    expect((await client.queue.open()).state).toBe('running')
    expect((await chat(foreman.url)).status).toBe(200)
  })

  test('is closed at every gateway', async () => {
    const { foreman } = await startJobs()
    const other = await foreman.startGateway()
    expect((await chat(other.url)).status).toBe(200)
    await clientOf(foreman.url).queue.close()
    await until(async () => (await chat(other.url)).status === 503)
  })
})

describe('a hold', () => {
  test('of a model keeps its jobs, also those of its other names, and lets others run', async () => {
    const { foreman } = await startJobs()
    const client = clientOf(foreman.url)
    await until(async () => (await foreman.store.catalogue.unasked()).length === 0)
    const { holds } = await client.queue.hold({ kind: 'model', subject: 'plain', reason: 'broken' })
    expect(holds).toMatchObject([{ kind: 'model', subject: 'plain:latest' }])
    const held = await client.submit(hello.request)
    // Another name of the same weights.
    const alias = await client.submit({ model: 'story', prompt: 'x' })
    const free = await client.submit({ model: 'beta', prompt: 'x', options: { num_predict: 1 } })
    expect((await client.wait(free.id)).state).toBe('succeeded')
    expect(await client.job(alias.id)).toMatchObject({ state: 'queued' })
    expect((await client.job(held.id)).why).toEqual({
      code: 'held',
      text: 'in line for plain; plain:latest is held',
    })
    expect((await client.queue.release(holds[0]!.id)).holds).toEqual([])
    expect((await client.wait(held.id)).state).toBe('succeeded')
    expect((await client.wait(alias.id)).state).toBe('succeeded')
  })

  test('of a caller keeps the jobs of that one alone', async () => {
    const variables = { FOREMAN_TOKENS: 'ann:a,bob:b', FOREMAN_OPERATOR_TOKEN: 'o' }
    const { foreman } = await startJobs({ variables })
    const [ann, bob, operator] = ['a', 'b', 'o'].map(token => clientOf(foreman.url, token))
    await operator!.queue.hold({ kind: 'caller', subject: 'bob' })
    const held = await bob!.submit(hello.request)
    const free = await ann!.submit(hello.request)
    expect((await ann!.wait(free.id)).state).toBe('succeeded')
    expect(await bob!.job(held.id)).toMatchObject({ state: 'queued', why: { code: 'held' } })
    const [hold] = (await operator!.queue.state()).holds
    await operator!.queue.release(hold!.id)
    expect((await bob!.wait(held.id)).state).toBe('succeeded')
    await expect(ann!.queue.pause()).rejects.toMatchObject({ status: 403 })
  })

  test('stands against a window, which an operator opens for a while', async () => {
    // It is open for a minute on the day after tomorrow.
    const day = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'][(new Date().getUTCDay() + 2) % 7]
    const variables = { FOREMAN_WINDOWS: `low ${day} 00:00-00:01`, FOREMAN_TIMEZONE: 'UTC' }
    const { foreman } = await startJobs({ variables })
    const client = clientOf(foreman.url)
    const { id } = await client.submit(hello.request, { priority: 'low' })
    const free = await client.submit(hello.request)
    await client.wait(free.id)
    await until(async () => (await client.job(id)).why?.code === 'held')
    const { why } = await client.job(id)
    expect(why?.text).toMatch(/^in line for plain; low runs from \w{3} 00:00$/)
    await client.queue.hold({ kind: 'open_priority', subject: 'low', until: '1h' })
    expect((await client.wait(id)).state).toBe('succeeded')
  })
})

test('a turn that an operator ends goes to the model that waits', async () => {
  const { foreman } = await startJobs({ variables: { FOREMAN_MAX_WAIT: '1h' } })
  const client = clientOf(foreman.url)
  const first = await client.submit(endless.request)
  await until(async () => (await client.job(first.id)).state === 'running')
  const own = await client.submit(endless.request)
  const other = await client.submit({ model: 'beta', prompt: 'x', options: { num_predict: 1 } })
  await client.queue.endTurn({ reason: 'in a hurry' })
  await client.cancel(first.id)
  expect((await client.wait(other.id)).why).toMatchObject({ code: 'ended' })
  await client.cancel(own.id)
  expect(await Array.fromAsync(client.queue.operations())).toMatchObject([
    { action: 'end_turn', reason: 'in a hurry', state: 'done' },
  ])
})

test('a page of another origin steps in nowhere, and sees nothing that callers do not, whatever FOREMAN_ORIGINS says', async () => {
  const { ask } = await startJobs({
    variables: { FOREMAN_ORIGINS: 'https://chat.example.org' },
    worker: false,
  })
  const headers = { origin: 'https://chat.example.org' }
  expect((await ask('POST', '/queue/pause', {}, headers)).status).toBe(403)
  for (const path of ['holds', 'operations', 'system', 'timeline', 'arrival-order', 'history', 'models'])
    expect((await ask('GET', `/queue/${path}`, undefined, headers)).status).toBe(403)
  expect((await ask('GET', '/metrics', undefined, headers)).status).toBe(403)
  expect((await ask('GET', '/metrics')).status).toBe(200)
})
