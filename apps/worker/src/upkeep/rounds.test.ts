import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { Rounds } from './rounds.ts'

const REST_MS = 10_000
const STEP_PAUSE_MS = 20

beforeEach(() => void vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] }))
afterEach(() => void vi.useRealTimers())

test('the next step begins soon while there is more to do, and after a rest otherwise', () => {
  const step = vi.fn<() => boolean>().mockReturnValueOnce(true).mockReturnValue(false)
  const rounds = new Rounds({ step, restMs: REST_MS })
  rounds.start()
  vi.advanceTimersByTime(STEP_PAUSE_MS)
  expect(step).toHaveBeenCalledTimes(2)
  vi.advanceTimersByTime(REST_MS - 1)
  expect(step).toHaveBeenCalledTimes(2)
  vi.advanceTimersByTime(1)
  expect(step).toHaveBeenCalledTimes(3)
  rounds.stop()
})

test('no step follows one that has led to the stop', () => {
  const step = vi.fn<() => boolean>(() => {
    rounds.stop()
    return true
  })
  const rounds = new Rounds({ step, restMs: REST_MS })
  rounds.start()
  vi.advanceTimersByTime(REST_MS)
  expect(step).toHaveBeenCalledTimes(1)
})
