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

test('an answer that waits for many jobs, one after the other, watches its caller once', async () => {
  const counted = await forCaller(async (wakeUps, response) => {
    wakeUps.stop()
    const count = () => [response.listenerCount('close'), response.req.socket.listenerCount('end')]
    const first = count()
    const following = await options()
    for (let job = 2; job < 5; job++) new WakeUps(job, response, following).stop()
    return { first, last: count() }
  })
  expect(counted.last).toEqual(counted.first)
})

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

describe('a heartbeat is sent', () => {
  test('when the caller was sent nothing for so long, however often the queue could not be read', async () => {
    const startedAt = performance.now()
    const beat = vi.fn<() => void>()
    const looks = await forCaller(async wakeUps => {
      for (let count = 1; ; count++) {
        await wakeUps.look(failing)
        await wakeUps.untilNews(() => 500, beat)
        if (beat.mock.calls.length > 0) return count
      }
    })
    expect(looks).toBeGreaterThan(1)
    expect(performance.now() - startedAt).toBeGreaterThanOrEqual(499)
  })

  test('later when the caller was sent something meanwhile', async () => {
    const clock = vi.spyOn(performance, 'now').mockReturnValue(0)
    onTestFinished(() => clock.mockRestore())
    const beat = vi.fn<() => void>()
    await forCaller(async (wakeUps, response) => {
      clock.mockReturnValue(1_000)
      wakeUps.noteSent()
      const waiting = wakeUps.untilNews(() => 1_000, beat)
      response.emit('drain')
      await waiting
    })
    expect(beat).not.toHaveBeenCalled()
  })

  test('three times before the queue is read again, when nothing happens', async () => {
    const beat = vi.fn<() => void>()
    await forCaller(async wakeUps => {
      await wakeUps.look(async () => 5)
      await wakeUps.untilNews(() => 5, beat)
    })
    expect(beat).toHaveBeenCalledTimes(3)
  })

  test('once before the queue is read again, when it could not be read', async () => {
    const beat = vi.fn<() => void>()
    await forCaller(async wakeUps => {
      await wakeUps.look(failing)
      await wakeUps.untilNews(() => 0, beat)
    })
    expect(beat).toHaveBeenCalledTimes(1)
  })

  test('each after the silence that is asked for then', async () => {
    const silences = [5, 10, 15]
    const startedAt = performance.now()
    await forCaller(wakeUps =>
      wakeUps.untilNews(
        () => silences.shift() ?? LONG_MS,
        () => undefined,
      ),
    )
    expect(silences).toEqual([])
    expect(performance.now() - startedAt).toBeGreaterThanOrEqual(29)
  })

  test('no more when the caller has left', async () => {
    const beat = vi.fn<() => void>()
    const isOver = await forCaller(async (wakeUps, response) => {
      response.destroy()
      await wakeUps.untilNews(() => 0, beat)
      return wakeUps.isOver
    })
    expect(isOver).toBe(true)
    expect(beat).not.toHaveBeenCalled()
  })

  test("no more when the gateway's time is up", async () => {
    const stop = new AbortController()
    const beat = vi.fn<() => void>()
    await forCaller(
      async wakeUps => {
        stop.abort()
        await wakeUps.untilNews(() => 0, beat)
      },
      { cutOff: stop.signal },
    )
    expect(beat).not.toHaveBeenCalled()
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
