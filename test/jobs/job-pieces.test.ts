import type { Job } from '@foreman/foreman-client'
import type { ServerResponse } from 'node:http'
import { expect, test } from 'vitest'
import { startForeman } from '../harness/foreman.ts'
import { endless, eventsIn, hello, startJobs } from '../harness/jobs.ts'
import { type Answer, send } from '../harness/request.ts'
import { startScriptedTarget } from '../harness/scripted-target.ts'
import { until } from '../harness/until.ts'

const said = '日本 🙂 é'
const line = Buffer.from(`${JSON.stringify({ model: 'plain', response: said, done: false })}\n`)
const done = Buffer.from('{"model":"plain","response":"","done":true,"prompt_eval_count":1,"eval_count":2}\n')
const [begin, end] = [line.indexOf('日'), line.indexOf('"', line.indexOf('日'))]
/** Each byte of what is said is a piece of its own: nearly all of them end within a character. */
const pieces = [
  line.subarray(0, begin),
  ...Array.from({ length: end - begin }, (_, at) => line.subarray(begin + at, begin + at + 1)),
  line.subarray(end),
  done,
]

type Event = ReturnType<typeof eventsIn>[number]

const bytesOf = ({ data }: Event): Buffer => {
  const { text, base64 } = data as { text?: string; base64?: string }
  return base64 === undefined ? Buffer.from(text ?? '') : Buffer.from(base64, 'base64')
}

/** Foreman in front of a target that says what the test says, and one job that is under way. */
const startJob = async () => {
  const target = await startScriptedTarget()
  const { url } = await startForeman({ target: target.url })
  const submitted = await send(url, { path: '/jobs', body: JSON.stringify(hello) })
  const { id } = JSON.parse(submitted.body.toString()) as Job
  const get = (
    below = '',
    headers: Record<string, string> = {},
    more: Partial<Parameters<typeof send>[1]> = {},
  ) => send(url, { method: 'GET', path: `/jobs/${id}${below}`, headers, ...more })
  /** Reads on while the job does. */
  const follow = (below: string) => {
    let body = Buffer.alloc(0)
    const onPiece = (piece: Buffer) => (body = Buffer.concat([body, piece]))
    return { answer: get(below, {}, { onPiece }), body: () => body }
  }
  return { target, get, follow }
}

const begins = (response: ServerResponse) =>
  response.writeHead(200, { 'Content-Type': 'application/x-ndjson', 'X-Served-By': 'a test' })

type Get = Awaited<ReturnType<typeof startJob>>['get']

/** Takes one event, and leaves. */
const takeOne = async (get: Get, after: number): Promise<Event | undefined> => {
  const leave = new AbortController()
  let body = Buffer.alloc(0)
  const onPiece = (piece: Buffer) => {
    body = Buffer.concat([body, piece])
    if (body.includes('\n\n')) leave.abort()
  }
  const headers = { 'last-event-id': String(after) }
  await get('/events', headers, { signal: leave.signal, onPiece }).catch(() => undefined)
  return eventsIn(body.toString()).at(0)
}

/** Is cut off behind every single event, and comes back each time. */
const takeOneByOne = async (get: Get): Promise<Event[]> => {
  const taken: Event[] = []
  for (;;) {
    const event = await takeOne(get, taken.at(-1)?.id ?? 0)
    if (!event) return taken
    taken.push(event)
  }
}

test('characters in pieces, an attempt that breaks off, followers who are cut off: all have the same events and bytes', async () => {
  const { target, get, follow } = await startJob()
  const oneByOne = takeOneByOne(get)
  const events = follow('/events')
  const outputs = () => eventsIn(events.body().toString()).filter(({ name }) => name === 'output')

  const first = await target.next()
  begins(first).write(line.subarray(0, begin + 1))
  await until(() => outputs().length === 1)
  const cutOff = follow('/stream')
  await until(() => cutOff.body().length > 0)
  first.destroy()
  // At once, and not when there are other bytes.
  const cut = await cutOff.answer
  expect([cut.complete, cut.body]).toEqual([false, line.subarray(0, begin + 1)])

  const second = begins(await target.next())
  const streams = [follow('/stream')]
  for (const [at, piece] of pieces.entries()) {
    second.write(piece)
    const sent = Buffer.concat(pieces.slice(0, at + 1))
    // Live: nothing more is sent before everybody has this.
    await until(() => outputs().length === at + 2)
    await until(() => streams.every(({ body }) => body().equals(sent)))
    if (at === 6) streams.push(follow('/stream'))
  }
  second.end()

  const { body: whole } = await events.answer
  const all = eventsIn(whole.toString())
  expect(await oneByOne).toEqual(all)
  const names = all.map(({ name }) => name).filter(name => name !== 'progress')
  const before = ['queued', 'started', 'head', 'output', 'retrying', 'reset', 'started', 'head']
  expect(names).toEqual([...before, ...pieces.map(() => 'output'), 'succeeded'])
  const counted = all.filter(({ name, data }) => name === 'output' && data['attempt'] === 2)
  expect(counted.filter(({ data }) => 'base64' in data).length).toBeGreaterThan(9)
  expect(Buffer.concat(counted.map(bytesOf))).toEqual(Buffer.concat(pieces))

  for (const [at, { id }] of all.entries()) {
    const { status, body } = await get('/events', { 'last-event-id': String(id) })
    const rest = all.slice(at + 1).map(({ raw }) => `${raw}\n\n`)
    expect([status, body.toString()]).toEqual([rest.length === 0 ? 204 : 200, rest.join('')])
  }
  const later = await get('/stream')
  for (const { status, headers, body, complete } of [later, ...(await answersOf(streams))]) {
    expect([status, headers['content-type'], headers['x-served-by'], complete]).toEqual([
      200,
      'application/x-ndjson',
      'a test',
      true,
    ])
    expect(body).toEqual(Buffer.concat(pieces))
  }
  const job = JSON.parse((await get()).body.toString()) as Job
  expect(job).toMatchObject({ attempts: 2, usage: { prompt_tokens: 1, completion_tokens: 2 } })
  expect(job.result).toMatchObject({ response: said, done: true })
})

const answersOf = (streams: readonly { answer: Promise<Answer> }[]): Promise<Answer[]> =>
  Promise.all(streams.map(({ answer }) => answer))

test('who asks for what is behind an event that has not been yet is told when there will be none', async () => {
  const { submit, ask, ended, foreman, sim } = await startJobs({ sim: { tokensPerSecond: 50 } })
  const { id } = await submit(endless)
  await until(() => sim.inFlight === 1)
  const following = await fetch(`${foreman.url}/jobs/${id}/events?last_event_id=999999999`)
  await ask('DELETE', `/jobs/${id}`)
  expect((await ended(id)).state).toBe('cancelled')
  expect([following.status, await following.text()]).toEqual([200, ''])
})
