import { unavailableError } from '@foreman/store/testing'
import express from 'express'
import { once } from 'node:events'
import type { ServerResponse } from 'node:http'
import net from 'node:net'
import { text } from 'node:stream/consumers'
import { setImmediate } from 'node:timers/promises'
import { pino } from 'pino'
import { expect, onTestFinished, test } from 'vitest'
import { serve } from '../testing/serve.ts'
import { CallerLeftError } from './caller-left.ts'
import { errorHandler } from './error-handler.ts'
import { HalfSentError } from './read-body.ts'
import { problem, Refusal, retryLater } from './refusal.ts'

/** Starts a server whose only handler throws this, after `before` has run. @returns its URL, and what it logs */
const throwing = async (error: unknown, before: (response: ServerResponse) => unknown = () => undefined) => {
  const log: string[] = []
  const app = express()
  app.use(async (_request, response) => {
    await before(response)
    throw error
  })
  app.use(errorHandler({ logger: pino({}, { write: line => void log.push(line) }) }))
  return { url: await serve(app), log }
}

test.each<[path: string, contentType: string, body: unknown]>([
  ['/api/chat', 'application/json; charset=utf-8', { error: 'no' }],
  [
    '/v1/chat/completions',
    'application/json',
    { error: { message: 'no', type: 'not_found_error', param: null, code: null } },
  ],
  [
    '/jobs/x',
    'application/problem+json',
    { type: 'about:blank', title: 'Not Found', status: 404, detail: 'no', code: 'not_found' },
  ],
])('a refusal on %s is in the dialect of the route', async (path, contentType, body) => {
  const { url, log } = await throwing(new Refusal(404, 'no'))
  const response = await fetch(url + path)
  expect([response.status, response.headers.get('Content-Type')]).toEqual([404, contentType])
  expect(await response.json()).toEqual(body)
  expect(log).toEqual([])
})

test('a problem carries its code and its members', async () => {
  const { url } = await throwing(problem(422, 'invalid_request', 'no', { index: 3 }))
  expect(await (await fetch(`${url}/jobs`)).json()).toMatchObject({ code: 'invalid_request', index: 3 })
})

test('a refusal for now says when to try again', async () => {
  const { url } = await throwing(retryLater(503, 'busy', 7))
  expect((await fetch(url)).headers.get('Retry-After')).toBe('7')
})

test('an error because others keep the queue busy says when to try again', async () => {
  const { url, log } = await throwing(unavailableError())
  const response = await fetch(`${url}/jobs/x`)
  expect([response.status, response.headers.get('Retry-After')]).toEqual([503, '1'])
  expect(await response.json()).toMatchObject({ code: 'queue_busy', detail: 'the queue is busy' })
  expect(log).toEqual([])
})

test('any other error is a 500 that says nothing about it, and goes to the log', async () => {
  const { url, log } = await throwing(new Error('the secret'))
  const response = await fetch(`${url}/api/chat`)
  expect([response.status, await response.json()]).toEqual([500, { error: 'internal error' }])
  expect(log.join('')).toContain('the secret')
})

test('an error after the answer has begun disconnects the caller', async () => {
  const { url, log } = await throwing(new Error('late'), response => {
    const { promise, resolve } = Promise.withResolvers<void>()
    response.write('half', () => resolve())
    return promise
  })
  const response = await fetch(url)
  expect(response.status).toBe(200)
  await expect(response.text()).rejects.toThrow('terminated')
  expect(log.join('')).toContain('late')
})

test.each([new HalfSentError('gone'), new CallerLeftError('gone')])(
  'a %s is neither answered nor logged',
  async thrown => {
    const reached = Promise.withResolvers<ServerResponse>()
    const { url, log } = await throwing(thrown, response => reached.resolve(response))
    const caller = new AbortController()
    const answer = fetch(url, { signal: caller.signal })
    const response = await reached.promise
    await setImmediate()
    expect([response.headersSent, response.writableEnded, response.destroyed]).toEqual([false, false, false])
    expect(log).toEqual([])
    caller.abort()
    await expect(answer).rejects.toThrow('aborted')
  },
)

test('a caller that is still sending its body can read the refusal, and then the connection is closed', async () => {
  const { url } = await throwing(new Refusal(413, 'too large'))
  const socket = net.connect(Number(new URL(url).port), '127.0.0.1')
  onTestFinished(() => void socket.destroy())
  socket.write('POST /api/chat HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nhalf')
  const [begin] = (await once(socket, 'data')) as [Buffer]
  expect(begin.toString()).toMatch(/^HTTP\/1\.1 413 [^]*Connection: close/)
  socket.write('second')
  expect(begin.toString() + (await text(socket))).toContain('too large')
})
