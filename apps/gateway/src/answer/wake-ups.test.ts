import { unavailableError } from '@foreman/store/testing'
import type { ServerResponse } from 'node:http'
import { pino } from 'pino'
import { describe, expect, onTestFinished, test, vi } from 'vitest'
import { serve } from '../testing/serve.ts'
import { tempStore } from '../testing/temp-store.ts'
import { LogFollowers } from './log-followers.ts'
import { WakeUps } from './wake-ups.ts'

/** What a loop needs that follows a job for a caller. */
const options = async () => ({
  followers: new LogFollowers({ store: await tempStore(), logger: pino({ enabled: false }) }),
  cutOff: new AbortController().signal,
})

/** Runs a loop for a caller. @returns what it returns */
const forCaller = async <T>(
  act: (wakeUps: WakeUps, response: ServerResponse) => Promise<T>,
  { cutOff }: { cutOff?: AbortSignal } = {},
): Promise<T> => {
  const { promise, resolve, reject } = Promise.withResolvers<T>()
  const following = { ...(await options()), ...(cutOff && { cutOff }) }
  const url = await serve((_request, response) => {
    const wakeUps = new WakeUps(1, response, following)
    act(wakeUps, response)
      .finally(() => {
        wakeUps.stop()
        response.end()
      })
      .then(resolve, reject)
  })
  const answered = fetch(url)
    .then(answer => answer.text())
    .catch(() => undefined)
  const [result] = await Promise.all([promise, answered])
  return result
}

const LONG_MS = 60_000
const failing = () => Promise.reject(unavailableError())

test('others are served while one caller reads as fast as it is sent to', async () => {
  let turns = 0
  const timer = setInterval(() => turns++, 1)
  const written = await forCaller(async (wakeUps, response) => {
    let step = 0
    while (step < 20) {
      if (await wakeUps.untilWritable(30_000)) continue
      const end = performance.now() + 6
      while (performance.now() < end);
      response.write('x')
      step++
    }
    return step
  })
  expect(written).toBe(20)
  clearInterval(timer)
  expect(turns).toBeGreaterThan(10)
})

test('a caller for whom nothing was done for a while needs no rest', async () => {
  const hasRested = await forCaller(async wakeUps => {
    await wakeUps.next(20)
    return wakeUps.untilWritable(30_000)
  })
  expect(hasRested).toBe(false)
})

describe('a look', () => {
  test('gives what it has seen', async () => {
    expect(await forCaller(wakeUps => wakeUps.look(async () => 5))).toEqual({ seen: 5 })
  })

  test('that fails for now is no error, and the loop is soon woken to look again', async () => {
    const seen = await forCaller(async wakeUps => {
      const looked = await wakeUps.look(failing)
      return [looked, await wakeUps.next(LONG_MS), await wakeUps.look(async () => 5)]
    })
    expect(seen).toEqual(['not_now', true, { seen: 5 }])
  })

  test('that fails for good is an error', async () => {
    const fail = () => Promise.reject(new Error('malformed'))
    await expect(forCaller(wakeUps => wakeUps.look(fail))).rejects.toThrow('malformed')
  })
})

describe('a heartbeat is due', () => {
  test('when the caller was sent nothing for so long, however often the queue could not be read', async () => {
    const startedAt = performance.now()
    const beats = await forCaller(async wakeUps => {
      let looks = 0
      do {
        await wakeUps.look(failing)
        looks++
      } while (!(await wakeUps.untilHeartbeat(500)))
      return { looks, ms: performance.now() - startedAt }
    })
    expect(beats.looks).toBeGreaterThan(1)
    expect(beats.ms).toBeGreaterThanOrEqual(499)
  })

  test('later when the caller was sent something meanwhile', async () => {
    const clock = vi.spyOn(performance, 'now').mockReturnValue(0)
    onTestFinished(() => clock.mockRestore())
    const woken = await forCaller(async (wakeUps, response) => {
      clock.mockReturnValue(1_000)
      wakeUps.noteSent()
      const waiting = wakeUps.untilHeartbeat(1_000)
      response.emit('drain')
      return waiting
    })
    expect(woken).toBe(false)
  })

  test('no more when the caller has left', async () => {
    const isDue = await forCaller(async (wakeUps, response) => {
      response.destroy()
      return [wakeUps.isOver, await wakeUps.untilHeartbeat(0)]
    })
    expect(isDue).toEqual([true, false])
  })

  test("no more when the gateway's time is up", async () => {
    const stop = new AbortController()
    const isDue = await forCaller(
      async wakeUps => {
        stop.abort()
        return [wakeUps.isOver, await wakeUps.untilHeartbeat(0)]
      },
      { cutOff: stop.signal },
    )
    expect(isDue).toEqual([true, false])
  })
})

test('a caller that reads nothing is disconnected in time, also while the queue cannot be read', async () => {
  const startedAt = performance.now()
  await forCaller(async (wakeUps, response) => {
    Object.defineProperty(response, 'writableNeedDrain', { value: true })
    await wakeUps.look(failing)
    while (!response.destroyed) await wakeUps.untilWritable(400)
  })
  expect(performance.now() - startedAt).toBeGreaterThanOrEqual(399)
})
