import { ForemanClient, ForemanError } from '@foreman/foreman-client'
import { startSim } from '@foreman/ollama-sim'
import { expect, onTestFinished, test } from 'vitest'
import { openForwarder } from '../harness/forwarder.ts'
import { startJobs } from '../harness/jobs.ts'
import { startGatewayProcess, startWorkerProcess, variablesFor } from '../harness/processes.ts'
import { startReceiver, webhookVariables } from '../harness/receiver.ts'
import { until } from '../harness/until.ts'

const start = async (options: Parameters<typeof startJobs>[0] = {}) => {
  const started = await startJobs(options)
  return { ...started, client: new ForemanClient({ url: started.foreman.url }) }
}

const request = { model: 'plain', prompt: 'Hello!' }

test('a client hands work over, follows it, and waits for its end', async () => {
  const { client, sim } = await start()
  const { id, state, metadata } = await client.submit(request, { metadata: { a: 1 }, idempotencyKey: 'k' })
  expect([state, metadata]).toEqual(['queued', { a: 1 }])
  expect((await client.submit(request, { metadata: { a: 1 }, idempotencyKey: 'k' })).id).toBe(id)
  const events = []
  for await (const event of client.events(id)) events.push(event)
  expect(events.map(({ event }) => event).at(-1)).toBe('succeeded')
  const job = await client.wait(id)
  expect(job.result).toMatchObject({ done: true })
  const resumed = []
  for await (const event of client.events(id, { lastEventId: events[1]!.id })) resumed.push(event)
  expect(resumed).toEqual(events.slice(2))
  // The same client speaks Ollama.
  expect((await client.generate({ ...request, stream: false })).response).toBe(job.result!['response'])
  expect(sim.requests.filter(({ path }) => path === '/api/generate')).toHaveLength(2)
})

test('a client follows a batch as a whole, and cancels it', async () => {
  const { client } = await start()
  const { batch: id } = await client.submitBatch([{ request }, { request }])
  const results = await Array.fromAsync(client.batches.results(id!))
  expect(results.map(({ index, id: job }) => [index, job !== undefined])).toEqual([
    [0, true],
    [1, true],
  ])
  expect(await client.batches.cancel(id!)).toMatchObject({ ended: true, counts: { succeeded: 2 } })
  expect((await client.batches.get(id!)).id).toBe(id)
  expect((await Array.fromAsync(client.batches.list())).map(each => each.id)).toEqual([id])
})

test('a client hands a batch over, and gets each job as it ends', async () => {
  const { client } = await start()
  const batch = await client.submitBatch(Array.from({ length: 30 }, () => ({ request })))
  expect(batch.count).toBe(30)
  const ended = []
  for await (const job of client.results(batch)) ended.push(job)
  expect(ended.map(({ state }) => state)).toEqual(Array(30).fill('succeeded'))
  expect(ended.map(({ id }) => id).toSorted()).toEqual(batch.jobs.map(({ id }) => id).toSorted())
  const listed = []
  for await (const job of client.jobs({ state: 'succeeded', pageSize: 7 })) listed.push(job.id)
  expect(listed).toEqual(batch.jobs.map(({ id }) => id).toReversed())
})

test('a client calls off, repeats, and sees what became of webhooks', async () => {
  const receiver = await startReceiver()
  const { client, foreman } = await start({ worker: false, variables: webhookVariables })
  const { id } = await client.submit(request, { webhook: { url: receiver.url } })
  expect(await client.cancel(id)).toMatchObject({ id, state: 'cancelled' })
  expect(await client.retry(id)).toMatchObject({ retry_of: id })
  foreman.startWorker()
  await until(() => receiver.received.length === 2)
  await until(async () => (await client.deliveries(id))[0]?.state === 'delivered')
  const [delivery] = await client.deliveries(id)
  await client.redeliver(id, delivery!.id)
  await until(() => receiver.received.length === 3)
  expect(receiver.received.map(message => message.id).filter(each => each === delivery!.id)).toHaveLength(2)
})

test('what foreman refuses is an error that says why', async () => {
  const { client } = await start()
  const refused = client.submit({ model: 'no', prompt: 'x' })
  await expect(refused).rejects.toThrow(ForemanError)
  await expect(refused).rejects.toMatchObject({ status: 404, code: 'model_not_found' })
  const batch = client.submitBatch([{ request }, { request: {}, endpoint: '/api/chat' }])
  await expect(batch).rejects.toMatchObject({ status: 422, index: 1, line: 2 })
})

test('a client whose connections keep breaking misses nothing and sees nothing twice', async () => {
  const { client, foreman } = await start({ sim: { tokensPerSecond: 200 } })
  const forwarder = await openForwarder(foreman.url, connection => 100 * connection)
  const behind = new ForemanClient({ url: forwarder.url, pauseMs: 1 })
  const { id } = await client.submit({ model: 'alpha', prompt: 'go on', options: { num_predict: 40 } })
  const seen = await Array.fromAsync(behind.events(id))
  expect(seen).toEqual(await Array.fromAsync(client.events(id)))
  expect(seen.filter(({ event }) => event === 'output').length).toBeGreaterThan(5)
  expect(forwarder.connections).toBeGreaterThan(5)
})

test('a client waits on when the gateway is killed, until there is another', async () => {
  const sim = await startSim()
  onTestFinished(() => sim.close())
  const variables = variablesFor(sim.url)
  const first = await startGatewayProcess(variables)
  const forwarder = await openForwarder(first.url)
  const client = new ForemanClient({ url: forwarder.url, pauseMs: 10 })
  const batch = await client.submitBatch([{ request }, { request }])
  const waited = Promise.all([client.wait(batch.jobs[0]!.id), Array.fromAsync(client.results(batch))])
  await until(() => forwarder.connections === 4)
  first.kill('SIGKILL')
  await first.ended
  await until(() => forwarder.connections > 6)
  forwarder.target = (await startGatewayProcess(variables)).url
  startWorkerProcess(variables)
  const [job, results] = await waited
  expect(job.state).toBe('succeeded')
  expect(results.map(({ id }) => id).toSorted()).toEqual(batch.jobs.map(({ id }) => id).toSorted())
})

test('a client sees the queue, and watches it', async () => {
  const { client, foreman } = await start({ worker: false })
  await client.submit(request)
  expect(await client.queue.snapshot({ fields: ['queued', 'state'] })).toEqual({ queued: 1, state: 'away' })
  expect(await client.queue.you()).toEqual({
    name: 'default',
    role: 'operator',
    has_tokens: false,
    dashboard: 'on',
  })
  const leaving = new AbortController()
  const events = client.queue.events({ signal: leaving.signal })
  const first = await events.next()
  expect(first.value).toMatchObject({ event: 'queue', data: { queued: 1 } })
  const { id } = await client.submit(request)
  const told = []
  for await (const { event, data } of events) {
    told.push([event, event === 'job' ? data.job : undefined])
    if (event === 'job') break
  }
  leaving.abort()
  expect(told.at(-1)).toEqual(['job', id])
  foreman.startWorker()
  await client.wait(id)
  await until(async () => !(await foreman.store.history.isDue()))
  const from = new Date(Date.now() - 60_000)
  expect((await client.queue.timeline({ from })).turns).toMatchObject([{ models: ['plain:latest'], jobs: 2 }])
  expect(await client.queue.arrivalOrder({ from })).toMatchObject({ jobs: 2, loads: 1 })
  const { steps } = await client.queue.history({ from, stepMs: 60_000 })
  expect(steps.reduce((sum, { succeeded }) => sum + succeeded, 0)).toBe(2)
  expect((await client.queue.models()).models).toMatchObject([{ model: 'plain:latest', jobs: 2 }])
})
