import { submitJob, unavailableError } from '@foreman/store/testing'
import { pino } from 'pino'
import { expect, test, vi } from 'vitest'
import { BodyMemory } from '../http/body-memory.ts'
import { firstOutput, runJob } from '../testing/answer.ts'
import { watch } from '../testing/send.ts'
import { serve } from '../testing/serve.ts'
import { twoConnections } from '../testing/temp-store.ts'
import { LogFollowers } from './log-followers.ts'
import { streamAnswer } from './raw-stream.ts'

const logger = pino({ enabled: false })
const LINE = '{"model":"m","response":"Hi","done":true}\n'

/** A job, and a caller that wants its answer as it comes. */
const start = async ({ silenceMs = 60_000 } = {}) => {
  const { store, other } = await twoConnections()
  const request = { path: '/api/generate', endpoint: '/api/generate', model: 'm' }
  const job = await submitJob(store, { ...request, body: Buffer.from('{"model":"m","prompt":"x"}') })
  const gatewayStops = new AbortController()
  const ended = Promise.withResolvers<void>()
  const url = await serve((_request, response) => {
    streamAnswer({ ...request, ...job }, response, {
      store,
      followers: new LogFollowers({ store, logger }),
      patience: { heartbeatMs: silenceMs, holdMs: silenceMs, stallMs: 60_000 },
      cutOff: gatewayStops.signal,
      bodyMemory: new BodyMemory(1_000_000),
      now: () => 0,
    }).then(ended.resolve, ended.reject)
  })
  return { store, other, job, call: () => watch(url), gatewayStops, ended: ended.promise }
}

test('while the queue cannot be read, the caller gets heartbeats, and then the answer', async () => {
  const { store, other, call, ended } = await start({ silenceMs: 30 })
  const read = vi.spyOn(store.output, 'read').mockRejectedValue(unavailableError())
  const { text, received } = call()
  await expect.poll(() => text().split('\n').length).toBeGreaterThan(10)
  await runJob(other, LINE)
  read.mockRestore()
  await ended
  const answer = await received
  expect([answer.status, answer.isComplete, answer.text.endsWith(LINE)]).toEqual([200, true, true])
})

test('a caller that leaves while the queue cannot be read is not waited for', async () => {
  const { store, call, ended } = await start()
  const { promise: looked, resolve } = Promise.withResolvers<void>()
  vi.spyOn(store.output, 'read').mockImplementation(() => {
    resolve()
    return Promise.reject(unavailableError())
  })
  const { leave } = call()
  await looked
  leave()
  await ended
})

test('a gateway that stops while the queue cannot be read cuts the answer off', async () => {
  const { store, call, ended, gatewayStops } = await start({ silenceMs: 30 })
  vi.spyOn(store.output, 'read').mockRejectedValue(unavailableError())
  const { text, received } = call()
  await expect.poll(text).toContain('\n')
  gatewayStops.abort()
  await ended
  expect((await received).isComplete).toBe(false)
})

test('the answer is cut when it goes on with a claim of the same number that is another', async () => {
  const { store, job, call, ended } = await start()
  vi.spyOn(store.output, 'read')
    .mockResolvedValueOnce(firstOutput(job, 'a', 'lost'))
    .mockResolvedValueOnce(firstOutput(job, 'b', LINE))
  const { received } = call()
  await ended
  expect(await received).toMatchObject({ text: 'lost', isComplete: false })
})

test('a caller whose job the queue no longer has is told so', async () => {
  const { store, call, ended } = await start()
  vi.spyOn(store.output, 'read').mockResolvedValue(undefined)
  const { received } = call()
  await ended
  expect(await received).toMatchObject({
    status: 502,
    text: '{"error":"the queue no longer has this job"}',
    isComplete: true,
  })
})

test('the answer is cut when the queue no longer has its job', async () => {
  const { store, job, call, ended } = await start()
  vi.spyOn(store.output, 'read')
    .mockResolvedValueOnce(firstOutput(job, 'a', 'begun'))
    .mockResolvedValueOnce(undefined)
  const { received } = call()
  await ended
  expect(await received).toMatchObject({ text: 'begun', isComplete: false })
})
