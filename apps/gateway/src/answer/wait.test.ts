import { fullError, submitJob, unavailableError } from '@foreman/store/testing'
import type { ServerResponse } from 'node:http'
import { pino } from 'pino'
import { expect, test, vi } from 'vitest'
import { send } from '../testing/send.ts'
import { serve } from '../testing/serve.ts'
import { twoConnections } from '../testing/temp-store.ts'
import { LogFollowers } from './log-followers.ts'
import { untilJobEnded } from './wait.ts'

const LONG_MS = 60_000

/** Runs a test with the response to a caller that waits. */
const withCaller = async (act: (response: ServerResponse) => Promise<void>): Promise<void> => {
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  const url = await serve((_request, response) => {
    act(response)
      .finally(() => response.end())
      .then(resolve, reject)
  })
  await send(url).catch(() => undefined)
  await promise
}

const start = async () => {
  const { store, other } = await twoConnections()
  const job = await submitJob(store)
  const gatewayStops = new AbortController()
  const options = {
    store,
    followers: new LogFollowers({ store, logger: pino({ level: 'silent' }) }),
    cutOff: gatewayStops.signal,
  }
  const cancel = () => other.submissions.cancel(job, { now: 2_000, ttlMs: 1_000 })
  return { job, options, cancel, gatewayStops }
}

test('the wait ends with the job', async () => {
  const { job, options, cancel } = await start()
  await withCaller(async response => {
    const waiting = untilJobEnded(job, LONG_MS, response, options)
    await cancel()
    await waiting
    expect((await options.store.output.view(job.seq))?.state).toBe('cancelled')
  })
})

test('a read of the queue that fails and may succeed later is repeated', async () => {
  const { job, options, cancel } = await start()
  const view = vi.spyOn(options.store.output, 'view')
  for (const error of [fullError(), unavailableError()]) view.mockRejectedValueOnce(error)
  await withCaller(async response => {
    const waiting = untilJobEnded(job, LONG_MS, response, options)
    await cancel()
    await waiting
    expect(view.mock.calls.length).toBeGreaterThan(2)
  })
})

test('a read of the queue that fails for good ends the wait', async () => {
  const { job, options } = await start()
  vi.spyOn(options.store.output, 'view').mockRejectedValue(new Error('malformed'))
  await withCaller(async response => {
    await expect(untilJobEnded(job, LONG_MS, response, options)).rejects.toThrow('malformed')
  })
})

test('a job that has ended, or is not there, is not waited for', async () => {
  const { job, options, cancel } = await start()
  await cancel()
  await withCaller(response => untilJobEnded(job, LONG_MS, response, options))
  await withCaller(response => untilJobEnded({ seq: 99 }, LONG_MS, response, options))
})

test('the wait ends when its time is up', async () => {
  const { job, options } = await start()
  await withCaller(response => untilJobEnded(job, 1, response, options))
  expect((await options.store.output.view(job.seq))?.state).toBe('queued')
})

test('the wait ends when its time is up although the queue cannot be read', async () => {
  const { job, options } = await start()
  const view = vi.spyOn(options.store.output, 'view').mockRejectedValue(unavailableError())
  await withCaller(response => untilJobEnded(job, 300, response, options))
  expect(view.mock.calls.length).toBeGreaterThan(1)
})

test.each([
  ['the caller leaves', (response: ServerResponse) => void response.destroy()],
  ['the gateway stops', (_response: ServerResponse, gateway: AbortController) => gateway.abort()],
])('the wait ends when %s although the queue cannot be read', async (_what, happen) => {
  const { job, options, gatewayStops } = await start()
  vi.spyOn(options.store.output, 'view').mockRejectedValue(unavailableError())
  await withCaller(async response => {
    const waiting = untilJobEnded(job, LONG_MS, response, options)
    happen(response, gatewayStops)
    await waiting
  })
})

test('the wait ends when the caller leaves, and when the gateway stops', async () => {
  const { job, options, gatewayStops } = await start()
  await withCaller(async response => {
    const waiting = untilJobEnded(job, LONG_MS, response, options)
    response.destroy()
    await waiting
  })
  await withCaller(async response => {
    const waiting = untilJobEnded(job, LONG_MS, response, options)
    gatewayStops.abort()
    await waiting
  })
})
