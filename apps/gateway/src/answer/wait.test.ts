import type { ServerResponse } from 'node:http'
import { expect, test } from 'vitest'
import { send } from '../testing/send.ts'
import { serve } from '../testing/serve.ts'
import { submitTo } from '../testing/submit.ts'
import { otherConnection, tempStore } from '../testing/temp-store.ts'
import { LogFollowers } from './log-followers.ts'
import { untilEnded } from './wait.ts'

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

const start = () => {
  const store = tempStore()
  const job = submitTo(store)
  const gatewayStops = new AbortController()
  const options = { store, followers: new LogFollowers(store), cutOff: gatewayStops.signal }
  const cancel = () => otherConnection(store).submissions.cancel(job, 2_000, 1_000)
  return { job, options, cancel, gatewayStops }
}

test('the wait ends with the job', async () => {
  const { job, options, cancel } = start()
  await withCaller(async response => {
    const waiting = untilEnded(job, LONG_MS, response, options)
    cancel()
    await waiting
    expect(options.store.output.view(job.seq)?.state).toBe('cancelled')
  })
})

test('a job that has ended, or is not there, is not waited for', async () => {
  const { job, options, cancel } = start()
  cancel()
  await withCaller(response => untilEnded(job, LONG_MS, response, options))
  await withCaller(response => untilEnded({ seq: 99 }, LONG_MS, response, options))
})

test('the wait ends when its time is up', async () => {
  const { job, options } = start()
  await withCaller(response => untilEnded(job, 1, response, options))
  expect(options.store.output.view(job.seq)?.state).toBe('queued')
})

test('the wait ends when the caller leaves, and when the gateway stops', async () => {
  const { job, options, gatewayStops } = start()
  await withCaller(async response => {
    const waiting = untilEnded(job, LONG_MS, response, options)
    response.destroy()
    await waiting
  })
  await withCaller(async response => {
    const waiting = untilEnded(job, LONG_MS, response, options)
    gatewayStops.abort()
    await waiting
  })
})
