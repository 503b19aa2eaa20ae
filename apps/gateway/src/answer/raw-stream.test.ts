import { submitJob, unavailableError } from '@foreman/store/testing'
import { expect, test, vi } from 'vitest'
import { BodyMemory } from '../http/body-memory.ts'
import { firstOutput, runJob } from '../testing/answer.ts'
import { failForNow, serveFollowing } from '../testing/follow.ts'
import { twoConnections } from '../testing/temp-store.ts'
import { streamAnswer } from './raw-stream.ts'

const LINE = '{"model":"m","response":"Hi","done":true}\n'

/** A job, and a caller that wants its answer as it comes. */
const start = async ({ silenceMs = 60_000 } = {}) => {
  const { store, other } = await twoConnections()
  const request = { path: '/api/generate', endpoint: '/api/generate', model: 'm' }
  const job = await submitJob(store, { ...request, body: Buffer.from('{"model":"m","prompt":"x"}') })
  const following = await serveFollowing({ store, silenceMs }, (response, options) =>
    streamAnswer({ ...request, ...job }, response, {
      ...options,
      bodyMemory: new BodyMemory(1_000_000),
      now: () => 0,
    }),
  )
  return { ...following, store, other, job }
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
  const looked = failForNow(vi.spyOn(store.output, 'read'))
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
