import { appendOutput, claimNext, submitJob, unavailableError } from '@foreman/store/testing'
import { describe, expect, test, vi } from 'vitest'
import { failForNow, serveFollowing } from '../testing/follow.ts'
import { twoConnections } from '../testing/temp-store.ts'
import { streamEvents } from './event-stream.ts'

const ENDING = { now: 2_000, ttlMs: 3_600_000 }

/** A queued job, and a client that follows its events. */
const start = async ({ heartbeatMs = 60_000, isOutline = false } = {}) => {
  const { store, other } = await twoConnections()
  const job = await submitJob(store)
  const following = await serveFollowing({ store, silenceMs: heartbeatMs }, (response, options) =>
    streamEvents({ ...job, state: 'queued' }, 0, response, { ...options, isOutline }),
  )
  const cancel = () => other.submissions.cancel(job, ENDING)
  return { ...following, store, cancel }
}

const namesIn = (text: string): string[] => [...text.matchAll(/^event: (.*)$/gm)].map(([, name]) => name!)

test('a client gets all events up to the end of the job', async () => {
  const { call, cancel, ended } = await start()
  const { text, received } = call()
  await expect.poll(text).toContain('event: queued')
  await cancel()
  await ended
  const answer = await received
  expect([namesIn(answer.text), answer.isComplete]).toEqual([['queued', 'cancelled'], true])
})

describe('while the queue cannot be read', () => {
  test('a client gets heartbeats, and then all events', async () => {
    const { store, call, cancel, ended } = await start({ heartbeatMs: 30 })
    const log = vi.spyOn(store.records, 'log').mockRejectedValue(unavailableError())
    const { text, received } = call()
    await expect.poll(() => text().split(': keep-alive').length).toBeGreaterThan(10)
    await cancel()
    log.mockRestore()
    await ended
    expect(namesIn((await received).text)).toEqual(['queued', 'cancelled'])
  })

  test('a client that leaves is not waited for', async () => {
    const { store, call, ended } = await start()
    const looked = failForNow(vi.spyOn(store.output, 'view'))
    const { leave } = call()
    await looked
    leave()
    await ended
  })

  test('a gateway that stops ends the stream', async () => {
    const { store, call, ended, gatewayStops } = await start({ heartbeatMs: 30 })
    vi.spyOn(store.output, 'view').mockRejectedValue(unavailableError())
    const { text, received } = call()
    await expect.poll(text).toContain('keep-alive')
    gatewayStops.abort()
    await ended
    expect((await received).isComplete).toBe(true)
  })
})

test('the event of an end that comes right behind a look at the log is not missed', async () => {
  const { store, call, cancel, ended } = await start()
  const log = store.records.log.bind(store.records)
  let looks = 0
  vi.spyOn(store.records, 'log').mockImplementation(async (...asked) => {
    const found = await log(...asked)
    // The first look has found the events so far, and the second one nothing.
    if (++looks === 2) await cancel()
    return found
  })
  const { received } = call()
  await ended
  expect(namesIn((await received).text)).toEqual(['queued', 'cancelled'])
})

test('an outline has all events but the output, and heartbeats while there is nothing else', async () => {
  const { store, call, ended } = await start({ heartbeatMs: 30, isOutline: true })
  const { text, received } = call()
  const claim = (await claimNext(store))!
  await appendOutput(store, claim, {
    head: { status: 200, headers: [['Content-Type', 'application/x-ndjson']] },
    body: Buffer.from('secret'),
  })
  await expect.poll(text).toContain('event: head')
  const beats = () => text().split(': keep-alive').length
  const enough = beats() + 2
  const beatsBesideOutput = async () => {
    await appendOutput(store, claim, { body: Buffer.from('secret') })
    return beats()
  }
  await expect.poll(beatsBesideOutput, { interval: 5 }).toBeGreaterThan(enough)
  await store.runs.finish(claim, { state: 'succeeded', answerAttempt: 1, statusCode: 200 }, ENDING)
  await ended
  const answer = await received
  expect(namesIn(answer.text)).toEqual(['queued', 'started', 'head', 'succeeded'])
  expect(answer.text).not.toContain('secret')
})
