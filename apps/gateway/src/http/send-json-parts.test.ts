import type { ServerResponse } from 'node:http'
import net from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { serve } from '../testing/serve.ts'
import { jsonArray, type JsonParts, sendJsonParts } from './send-json-parts.ts'

const PART = `"${'x'.repeat(32 * 1024 - 3)}",`

const send = (response: ServerResponse, parts: JsonParts, stallMs = 30_000) =>
  sendJsonParts(response, parts, { status: 202, stallMs })

const list = function* (count: number): Generator<string> {
  yield '['
  for (let at = 0; at < count; at++) yield PART
  yield '1]'
}

test('a short answer has its length', async () => {
  const url = await serve((_request, response) => void send(response, ['{"a":', Buffer.from('"é"'), '}']))
  const answer = await fetch(url)
  expect([answer.status, answer.headers.get('content-type'), answer.headers.get('content-length')]).toEqual([
    202,
    'application/json',
    '10',
  ])
  expect(await answer.json()).toEqual({ a: 'é' })
})

test('a long answer arrives whole', async () => {
  const url = await serve((_request, response) => void send(response, list(200)))
  expect(await (await fetch(url)).json()).toHaveLength(201)
})

test('a caller that does not read gets no more parts, and is disconnected in the end', async () => {
  let parts = 0
  const { promise, resolve } = Promise.withResolvers<void>()
  const endless = function* (): Generator<string> {
    for (;;) {
      parts++
      yield PART
    }
  }
  const url = await serve((_request, response) => void send(response, endless(), 200).then(resolve))
  const socket = net.connect(Number(new URL(url).port), '127.0.0.1')
  socket.on('error', () => undefined)
  socket.pause()
  socket.write('GET / HTTP/1.1\r\nHost: x\r\n\r\n')
  await promise
  socket.destroy()
  // What the buffers of both ends take is a few megabytes.
  expect(parts).toBeLessThan(1_000)
})

test('others are served between parts that take long', async () => {
  const busy = function* (): Generator<string> {
    for (let at = 0; at < 20; at++) {
      const end = performance.now() + 6
      while (performance.now() < end);
      yield '"a",'
    }
  }
  let turns = 0
  const timer = setInterval(() => turns++, 1)
  const url = await serve((_request, response) => void send(response, busy()))
  await (await fetch(url)).text()
  clearInterval(timer)
  expect(turns).toBeGreaterThan(10)
})

test('an error between the parts is thrown, and the answer does not end', async () => {
  const { promise, resolve } = Promise.withResolvers<unknown>()
  const failing = function* (): Generator<string> {
    yield* [PART, PART, PART]
    throw new Error('gone')
  }
  const url = await serve((_request, response) => {
    send(response, failing()).catch(async (error: unknown) => {
      await sleep(10)
      response.destroy()
      resolve(error)
    })
  })
  await expect(fetch(url).then(answer => answer.text())).rejects.toThrow('terminated')
  expect(await promise).toMatchObject({ message: 'gone' })
})

test.each<[steps: string[][], json: string]>([
  [[], '[]'],
  [[[], []], '[]'],
  [[['1']], '[1]'],
  [[[], ['1', '2'], [], ['3'], []], '[1,2,3]'],
])('the steps %j are the array %s', async (steps, json) => {
  const parts = await Array.fromAsync(jsonArray(steps))
  expect(parts.join('')).toBe(json)
  expect(parts).toHaveLength(steps.length + 2)
})
