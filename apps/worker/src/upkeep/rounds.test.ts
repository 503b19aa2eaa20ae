import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { Rounds } from './rounds.ts'

const REST_MS = 10_000
const STEP_PAUSE_MS = 20

beforeEach(() => void vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] }))
afterEach(() => void vi.useRealTimers())

test('the next step begins soon while there is more to do, and after a rest otherwise', async () => {
  const step = vi.fn<() => Promise<boolean>>().mockResolvedValueOnce(true).mockResolvedValue(false)
  const rounds = new Rounds({ step, restMs: REST_MS })
  rounds.start()
  await vi.advanceTimersByTimeAsync(STEP_PAUSE_MS)
  expect(step).toHaveBeenCalledTimes(2)
  await vi.advanceTimersByTimeAsync(REST_MS - 1)
  expect(step).toHaveBeenCalledTimes(2)
  await vi.advanceTimersByTimeAsync(1)
  expect(step).toHaveBeenCalledTimes(3)
  rounds.stop()
})

test('a step that comes after a longer pause leaves more of the time to others', async () => {
  const step = vi.fn<() => Promise<boolean>>().mockResolvedValue(true)
  const rounds = new Rounds({ step, restMs: REST_MS, pauseMs: 100 })
  rounds.start()
  await vi.advanceTimersByTimeAsync(99)
  expect(step).toHaveBeenCalledTimes(1)
  await vi.advanceTimersByTimeAsync(1)
  expect(step).toHaveBeenCalledTimes(2)
  rounds.stop()
})

test('no step follows one that has led to the stop', async () => {
  const step = vi.fn<() => Promise<boolean>>(async () => {
    rounds.stop()
    return true
  })
  const rounds = new Rounds({ step, restMs: REST_MS })
  rounds.start()
  await vi.advanceTimersByTimeAsync(REST_MS)
  expect(step).toHaveBeenCalledTimes(1)
})

test('a stop during a step is the end: no step follows it', async () => {
  const during = Promise.withResolvers<boolean>()
  const step = vi.fn<() => Promise<boolean>>(() => during.promise)
  const rounds = new Rounds({ step, restMs: REST_MS })
  rounds.start()
  rounds.stop()
  during.resolve(true)
  await vi.advanceTimersByTimeAsync(REST_MS)
  expect(step).toHaveBeenCalledTimes(1)
})

test('a step that takes longer than a rest is not overtaken by another', async () => {
  const during = Promise.withResolvers<boolean>()
  const step = vi.fn<() => Promise<boolean>>().mockReturnValueOnce(during.promise).mockResolvedValue(false)
  const rounds = new Rounds({ step, restMs: REST_MS })
  rounds.start()
  await vi.advanceTimersByTimeAsync(5 * REST_MS)
  expect(step).toHaveBeenCalledTimes(1)
  during.resolve(false)
  await vi.advanceTimersByTimeAsync(REST_MS)
  expect(step).toHaveBeenCalledTimes(2)
  rounds.stop()
})
