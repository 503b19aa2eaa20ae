import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { stallTimer, startLoadClock } from './clocks.ts'

beforeEach(() => {
  vi.useFakeTimers()
})

afterEach(() => {
  vi.useRealTimers()
})

test('a stall is noticed when nothing has come since the last start, and not after a stop', async () => {
  const onStall = vi.fn<() => void>()
  const stall = stallTimer(1_000, onStall)
  stall.start()
  await vi.advanceTimersByTimeAsync(900)
  stall.start()
  await vi.advanceTimersByTimeAsync(900)
  stall.stop()
  await vi.advanceTimersByTimeAsync(5_000)
  expect(onStall).not.toHaveBeenCalled()
  stall.start()
  await vi.advanceTimersByTimeAsync(1_000)
  expect(onStall).toHaveBeenCalledTimes(1)
})

const startClock = (isLoading: () => Promise<boolean>) => {
  const onTimeout = vi.fn<() => void>()
  return { onTimeout, stop: startLoadClock({ loadTimeoutMs: 1_000, isLoading, onTimeout }) }
}

test('a load that takes too long is noticed when its time is over', async () => {
  const { onTimeout } = startClock(() => Promise.resolve(true))
  await vi.advanceTimersByTimeAsync(999)
  expect(onTimeout).not.toHaveBeenCalled()
  await vi.advanceTimersByTimeAsync(1)
  expect(onTimeout).toHaveBeenCalledTimes(1)
  await vi.advanceTimersByTimeAsync(10_000)
  expect(onTimeout).toHaveBeenCalledTimes(1)
})

test('a model that is in memory may take its time, and is looked at again', async () => {
  let isLoading = false
  const { onTimeout } = startClock(() => Promise.resolve(isLoading))
  await vi.advanceTimersByTimeAsync(5_500)
  expect(onTimeout).not.toHaveBeenCalled()
  isLoading = true
  await vi.advanceTimersByTimeAsync(500)
  expect(onTimeout).toHaveBeenCalledTimes(1)
})

test('a clock that is stopped ends nothing, also while the target is asked', async () => {
  const first = startClock(() => Promise.resolve(true))
  first.stop()
  const asked = Promise.withResolvers<boolean>()
  const second = startClock(() => asked.promise)
  await vi.advanceTimersByTimeAsync(1_000)
  second.stop()
  asked.resolve(true)
  await vi.advanceTimersByTimeAsync(5_000)
  expect([first, second].map(({ onTimeout }) => onTimeout.mock.calls.length)).toEqual([0, 0])
})
