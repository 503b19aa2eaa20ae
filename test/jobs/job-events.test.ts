import { startSim } from '@foreman/ollama-sim'
import { expect, onTestFinished, test } from 'vitest'
import { endless, eventsIn, hello, startJobs } from '../harness/jobs.ts'
import { startGatewayProcess, startWorkerProcess, variablesFor } from '../harness/processes.ts'
import { send } from '../harness/request.ts'
import { until } from '../harness/until.ts'

test('a stream of events that is resumed at any of them goes on without a gap or a repeat', async () => {
  const { submit, ended, ask, sim } = await startJobs()
  sim.fault({ kind: 'die', afterChunks: 3, count: 1, path: '/api/generate' })
  const { id } = await submit(hello)
  await ended(id)
  const whole = (await ask('GET', `/jobs/${id}/events`)).text
  const events = eventsIn(whole)
  const names = events.map(({ name }) => name)
  expect(new Set(names)).toEqual(
    new Set(['queued', 'started', 'head', 'output', 'retrying', 'reset', 'succeeded']),
  )
  expect(names.at(-1)).toBe('succeeded')
  expect(names.indexOf('reset')).toBe(names.lastIndexOf('started') - 1)
  for (const [at, { id: eventId }] of events.entries()) {
    const resumed = await ask('GET', `/jobs/${id}/events`, undefined, { 'last-event-id': String(eventId) })
    const rest = events.slice(at + 1).map(({ raw }) => `${raw}\n\n`)
    expect([resumed.status, resumed.text]).toEqual([rest.length === 0 ? 204 : 200, rest.join('')])
    const byQuery = await ask('GET', `/jobs/${id}/events?last_event_id=${eventId}`)
    expect(byQuery.text).toBe(resumed.text)
  }
})

test('a stream of events that is asked for after an event that will never come ends with its job', async () => {
  const { submit, ask, foreman, sim } = await startJobs({ sim: { tokensPerSecond: 50 } })
  const { id } = await submit(endless)
  await until(() => sim.inFlight === 1)
  const headers = { 'last-event-id': '999999999999999' }
  const following = await fetch(`${foreman.url}/jobs/${id}/events`, { headers })
  await ask('DELETE', `/jobs/${id}`)
  expect([following.status, eventsIn(await following.text())]).toEqual([200, []])
})

test.each(['header', 'query'])('an empty Last-Event-ID in the %s is none', async place => {
  const { submit, ask } = await startJobs({ worker: false })
  const { id } = await submit(hello)
  await ask('DELETE', `/jobs/${id}`)
  const all = (await ask('GET', `/jobs/${id}/events`)).text
  const asked =
    place === 'header'
      ? await ask('GET', `/jobs/${id}/events`, undefined, { 'last-event-id': '' })
      : await ask('GET', `/jobs/${id}/events?last_event_id=`)
  expect([asked.status, asked.text]).toEqual([200, all])
})

test('output of the attempt that counts is the answer of the target', async () => {
  const { submit, ended, ask, sim } = await startJobs()
  const prompt = 'Gr\u00fc\u00dfe \ud83d\ude80'
  const { id } = await submit({ request: { model: 'plain', prompt } })
  await ended(id)
  const output = eventsIn((await ask('GET', `/jobs/${id}/events`)).text)
    .filter(({ name }) => name === 'output')
    .map(({ data }) =>
      Buffer.from(String(data['text'] ?? data['base64']), data['base64'] ? 'base64' : 'utf8'),
    )
  const raw = await ask('GET', `/jobs/${id}/stream`)
  expect([raw.status, raw.headers['content-type']]).toEqual([200, 'application/x-ndjson'])
  expect(Buffer.concat(output).toString()).toBe(raw.text)
  const direct = await send(sim.url, {
    path: '/api/generate',
    body: JSON.stringify({ model: 'plain', prompt }),
  })
  const saidIn = (text: string) =>
    text
      .trim()
      .split('\n')
      .map(line => (JSON.parse(line) as { response: string }).response)
      .join('')
  expect(saidIn(raw.text)).toBe(saidIn(direct.body.toString()))
})

test('events and answer come as they happen', async () => {
  const { submit, ask, foreman, sim } = await startJobs({ sim: { tokensPerSecond: 50 } })
  const { id } = await submit(endless)
  const pieces = { events: '', stream: '' }
  const follow = (what: keyof typeof pieces) =>
    send(foreman.url, {
      method: 'GET',
      path: `/jobs/${id}/${what}`,
      onPiece: piece => (pieces[what] += piece.toString()),
    })
  const following = Promise.all([follow('events'), follow('stream')])
  await until(() => (pieces.events.match(/event: output/g) ?? []).length > 3 && pieces.stream.includes('\n'))
  await until(() => pieces.events.includes('event: progress'))
  expect(sim.inFlight).toBe(1)
  await ask('DELETE', `/jobs/${id}`)
  const [events, stream] = await following
  expect(events.complete).toBe(true)
  expect(eventsIn(pieces.events).at(-1)?.name).toBe('cancelled')
  // What was called off is no answer: whoever reads it must not take it for one.
  expect(stream.complete).toBe(false)
})

test('who reads the answer of an attempt that breaks off is cut off', async () => {
  const { submit, ended, ask, sim, foreman } = await startJobs({ sim: { tokensPerSecond: 50 } })
  sim.fault({ kind: 'die', afterChunks: 5, count: 1, path: '/api/generate' })
  const { id } = await submit(hello)
  const cut = await send(foreman.url, { method: 'GET', path: `/jobs/${id}/stream` })
  expect([cut.status, cut.complete]).toEqual([200, false])
  expect(cut.body.toString()).toContain('"done":false')
  await ended(id)
  expect((await ask('GET', `/jobs/${id}/stream`)).text).toContain('"done":true')
})

test('a job that ended without an answer has none to read', async () => {
  const { submit, ask } = await startJobs({ worker: false })
  const { id } = await submit(hello)
  await ask('DELETE', `/jobs/${id}`)
  expect((await ask('GET', `/jobs/${id}/stream`)).json).toMatchObject({ status: 409, code: 'no_answer' })
})

test('a gateway that is killed in the middle of a stream of events leaves no gap', async () => {
  const sim = await startSim({ tokensPerSecond: 50 })
  onTestFinished(() => sim.close())
  const variables = variablesFor(sim.url)
  startWorkerProcess(variables)
  const first = await startGatewayProcess(variables)
  const request = { model: 'alpha', prompt: 'go on', options: { num_predict: 60 } }
  const submitted = await send(first.url, { path: '/jobs', body: JSON.stringify({ request }) })
  const { id } = JSON.parse(submitted.body.toString()) as { id: string }
  let before = ''
  const followed = send(first.url, {
    method: 'GET',
    path: `/jobs/${id}/events`,
    onPiece: piece => (before += piece.toString()),
  }).catch(() => undefined)
  await until(() => eventsIn(before).filter(({ name }) => name === 'output').length > 5)
  first.kill('SIGKILL')
  await followed
  const second = await startGatewayProcess(variables)
  const had = eventsIn(before.slice(0, before.lastIndexOf('\n\n') + 2))
  const rest = await send(second.url, {
    method: 'GET',
    path: `/jobs/${id}/events`,
    headers: { 'last-event-id': String(had.at(-1)!.id) },
  })
  const whole = await send(second.url, { method: 'GET', path: `/jobs/${id}/events` })
  const raw = [...had, ...eventsIn(rest.body.toString())].map(each => `${each.raw}\n\n`)
  expect(raw.join('')).toBe(whole.body.toString())
  expect(eventsIn(rest.body.toString()).at(-1)?.name).toBe('succeeded')
})

test.each([
  ['HEAD', '/events', 405, 'GET'],
  ['HEAD', '/stream', 405, 'GET'],
  ['PUT', '', 405, 'GET, PATCH, DELETE'],
  ['GET', '/cancel', 405, 'POST'],
  ['GET', '/what', 404, undefined],
])('%s /jobs/:id%s is answered with %i', async (method, below, status, allow) => {
  const { ask, submit } = await startJobs({ worker: false })
  const { id } = await submit(hello)
  const answer = await ask(method, `/jobs/${id}${below}`)
  expect([answer.status, answer.headers['allow']]).toEqual([status, allow])
})
