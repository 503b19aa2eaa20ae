import { OllamaClient } from '@foreman/ollama-client'
import type { RequestListener } from 'node:http'
import { pino } from 'pino'
import { describe, expect, test } from 'vitest'
import { CallerLeftError } from '../http/caller-left.ts'
import { serve } from '../testing/serve.ts'
import { tempStore } from '../testing/temp-store.ts'
import { Target } from './target.ts'

const targetAt = async (url: string): Promise<Target> =>
  new Target({
    client: new OllamaClient({ url }),
    store: await tempStore(),
    logger: pino({ level: 'silent' }),
    now: () => 1_000,
  })

const answering =
  (status: number, body: string): RequestListener =>
  (_request, response) =>
    void response.writeHead(status, { 'content-type': 'application/json', 'x-own': '1' }).end(body)

const question = { method: 'POST', path: '/api/chat', headers: [], body: Buffer.from('{}') }

const refusalFrom = async (listener: RequestListener, signal = new AbortController().signal) =>
  (await targetAt(await serve(listener))).refusal({ ...question, signal }, [400, 404])

describe('a refusal of the target', () => {
  test('is its whole answer, with its words', async () => {
    const refusal = await refusalFrom(answering(400, '{"error":"no tools"}'))
    expect(refusal).toMatchObject({
      status: 400,
      message: 'no tools',
      body: Buffer.from('{"error":"no tools"}'),
    })
    expect(Object.fromEntries(refusal!.headers)).toMatchObject({ 'x-own': '1' })
  })

  test.each<[what: string, listener: RequestListener]>([
    ['an answer', answering(200, '{"done":true}')],
    ['an error with another status', answering(500, '{"error":"out of memory"}')],
    ['the page of a proxy', answering(404, '<html>')],
    ['an endless error', (_request, response) => void response.writeHead(400).write(' '.repeat(100_000))],
    ['a connection that breaks off', request => void request.socket.destroy()],
    [
      'a connection that breaks off in the error',
      (request, response) => {
        response.writeHead(400, { 'content-length': '100' }).write('{', () => request.socket.destroy())
      },
    ],
  ])('is not %s', async (_what, listener) => {
    expect(await refusalFrom(listener)).toBeUndefined()
  })

  test('is not an answer that does not begin, and its connection is closed', async () => {
    let closed = false
    const listener: RequestListener = request => void request.socket.on('close', () => (closed = true))
    expect(await refusalFrom(listener)).toBeUndefined()
    await expect.poll(() => closed).toBe(true)
  })

  test('is not awaited when the caller has left', async () => {
    const leave = new AbortController()
    const listener: RequestListener = () => leave.abort(new CallerLeftError('gone'))
    await expect(refusalFrom(listener, leave.signal)).rejects.toBeInstanceOf(CallerLeftError)
  })

  test('an answer that goes on is closed, so that the target stops', async () => {
    let closed = false
    const listener: RequestListener = (_request, response) => {
      response
        .on('close', () => (closed = true))
        .writeHead(200)
        .write('{"response":"a"}\n')
    }
    expect(await refusalFrom(listener)).toBeUndefined()
    await expect.poll(() => closed).toBe(true)
  })
})

test.each<[what: string, listener: RequestListener, capabilities: string[]]>([
  ['are those that the target shows', answering(200, '{"x":[1],"capabilities":["tools"]}'), ['tools']],
  ['are not known when it shows none', answering(200, '{"modelfile":""}'), []],
  ['are not known when it shows something else', answering(200, '{"capabilities":{"tools":true}}'), []],
  ['are not known when it does not show the model', answering(404, '{"capabilities":["tools"]}'), []],
  ['are not known when the answer is no JSON', answering(200, '<html>'), []],
  ['are not known when the connection breaks off', request => void request.socket.destroy(), []],
])('the capabilities of a model %s', async (_what, listener, capabilities) => {
  const target = await targetAt(await serve(listener))
  expect(await target.capabilitiesOf('m')).toEqual(capabilities)
})
