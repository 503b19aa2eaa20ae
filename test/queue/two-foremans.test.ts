import { serve } from '@foreman/ollama-client/testing'
import { startSim } from '@foreman/ollama-sim'
import { listJobs } from '@foreman/store/testing'
import net from 'node:net'
import { expect, onTestFinished, test } from 'vitest'
import { startForeman } from '../harness/foreman.ts'
import { until } from '../harness/until.ts'

const post = (url: string, body: object, headers: Record<string, string> = {}) =>
  fetch(url, {
    method: 'POST',
    body: JSON.stringify(body),
    headers: { 'Content-Type': 'application/json', ...headers },
  })

const generate = { model: 'plain', prompt: 'x', stream: false }

const startTwo = async () => {
  const sim = await startSim()
  onTestFinished(() => sim.close())
  const inner = await startForeman({ target: sim.url })
  const outer = await startForeman({ target: inner.url })
  return { inner, outer }
}

const freePort = async (): Promise<number> => {
  const server = net.createServer().listen(0, '127.0.0.1')
  await new Promise(resolve => server.once('listening', resolve))
  const { port } = server.address() as net.AddressInfo
  await new Promise(resolve => server.close(resolve))
  return port
}

const startInFrontOfItself = async (worker: boolean) => {
  const port = await freePort()
  const target = `http://127.0.0.1:${port}`
  return startForeman({
    target,
    variables: { FOREMAN_ADDR: `127.0.0.1:${port}` },
    worker,
    awaitTarget: false,
  })
}

test('of two foremans in a row, the outer one has the job and its answer', async () => {
  const { inner, outer } = await startTwo()
  const accepted = await post(`${outer.url}/api/generate`, generate, {
    Prefer: 'respond-async',
    'Idempotency-Key': 'k',
    'X-Foreman-On-Disconnect': 'finish',
  })
  expect(accepted.status).toBe(202)
  const { id } = (await accepted.json()) as { id: string }
  const job = await fetch(`${outer.url}/jobs/${id}`, { headers: { Prefer: 'wait=10' } })
  expect(await job.json()).toMatchObject({ state: 'succeeded', result: { done: true } })
  const { seq } = (await outer.store.records.byId(id))!
  const sent = await outer.store.records.request(seq)
  const names = sent!.headers.map(([name]) => name.toLowerCase())
  expect(names.filter(name => /^(prefer|idempotency-key|x-foreman-.*)$/.test(name))).toEqual([])
  expect(await listJobs(inner.store)).toHaveLength(1)
})

test('the caller of the outer foreman gets the id of its own job', async () => {
  const { inner, outer } = await startTwo()
  const answer = await post(`${outer.url}/api/generate`, generate)
  expect(await answer.json()).toMatchObject({ done: true })
  const [own] = await listJobs(outer.store)
  expect(await listJobs(inner.store)).toHaveLength(1)
  expect(answer.headers.get('x-foreman-job-id')).toBe(own!.id)
})

test('every request to the target carries the same name in Via, from the gateway and from the worker', async () => {
  const vias = new Map<string, string | undefined>()
  const target = await serve((request, response) => {
    request.resume().on('end', () => {
      vias.set(request.url ?? '', request.headers.via)
      const answers: Record<string, object> = {
        '/api/tags': { models: [{ name: 'm:latest', digest: 'd' }] },
        '/api/ps': { models: [] },
        '/api/version': { version: '0.24.0' },
      }
      const answer = answers[request.url ?? ''] ?? { model: 'm', response: 'x', done: true }
      response.setHeader('Content-Type', 'application/json').end(JSON.stringify(answer))
    })
  })
  const foreman = await startForeman({ target })
  await post(`${foreman.url}/api/generate`, { model: 'm', prompt: 'x', stream: false }, { Via: '1.0 proxy' })
  await (await post(`${foreman.url}/api/embed`, { model: 'm', input: 'x' })).text()
  const own = `1.1 ${foreman.store.deployment}`
  expect(vias.get('/api/version')).toBe(own)
  expect(vias.get('/api/tags')).toBe(own)
  expect(vias.get('/api/embed')).toBe(own)
  expect(vias.get('/api/generate')).toBe(`1.0 proxy, ${own}`)
})

test('a foreman in front of itself answers 508 after one round, on the direct lane', async () => {
  const foreman = await startInFrontOfItself(false)
  const answer = await fetch(`${foreman.url}/api/ps`)
  expect(answer.status).toBe(508)
  expect(await answer.json()).toEqual({
    error: 'this request has come back: FOREMAN_OLLAMA_URL leads to foreman itself',
  })
})

test('the worker of a foreman in front of itself says so in /healthz', async () => {
  const foreman = await startInFrontOfItself(true)
  await until(async () => (await foreman.healthReasons()).includes('target_is_foreman'))
  expect(await foreman.healthReasons()).toEqual(['target_away', 'target_is_foreman'])
})
