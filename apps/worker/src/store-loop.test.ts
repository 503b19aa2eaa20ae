import { fullError, notWritableError, unavailableError } from '@foreman/store/testing'
import { pino } from 'pino'
import { beforeEach, describe, expect, onTestFinished, test, vi } from 'vitest'
import { StoreLoop } from './store-loop.ts'

const logger = pino({ level: 'silent' })
const warn = vi.spyOn(logger, 'warn')
const error = vi.spyOn(logger, 'error')
const fault = new Error('a fault')

beforeEach(() => {
  warn.mockClear()
  error.mockClear()
})

const succeed = () => Promise.resolve(7)
const fail = (cause: Error) => (): Promise<never> => Promise.reject(cause)

describe('what a loop tries', () => {
  test('returns what it returns, and there is no pause', async () => {
    const loop = new StoreLoop(logger)
    expect(await loop.try('count', succeed)).toBe(7)
    expect(loop.pauseMs('count')).toBe(0)
  })

  test.each([unavailableError(), fullError(), notWritableError()])(
    'returns undefined, with a warning, when the store cannot be used: %s',
    async cause => {
      expect(await new StoreLoop(logger).try('count', fail(cause))).toBeUndefined()
      expect(warn.mock.calls).toEqual([[{ err: cause }, 'could not count: the queue cannot be used now']])
    },
  )

  test('returns undefined, with an error, when anything else has failed', async () => {
    expect(await new StoreLoop(logger).try('count', fail(fault))).toBeUndefined()
    expect(error.mock.calls).toEqual([[{ err: fault }, 'could not count']])
  })

  test('is repeated and logged ever more rarely while it fails, and at once when it fails after a success', async () => {
    vi.useFakeTimers()
    onTestFinished(() => void vi.useRealTimers())
    const loop = new StoreLoop(logger)
    let tries = 0
    const until = performance.now() + 60_000
    while (performance.now() < until) {
      await loop.try('count', fail(fault))
      tries++
      vi.advanceTimersByTime(loop.pauseMs('count'))
    }
    expect(tries).toBeLessThan(20)
    expect(error.mock.calls.length).toBeLessThan(8)
    error.mockClear()
    await loop.try('count', succeed)
    await loop.try('count', fail(fault))
    expect(error).toHaveBeenCalledTimes(1)
    expect(loop.pauseMs('count')).toBe(200)
  })
})

describe('a step among others', () => {
  test('returns what it returns', async () => {
    expect(await new StoreLoop(logger).step('count', succeed)).toBe(7)
  })

  test('that fails is logged, and ends nothing else', async () => {
    expect(await new StoreLoop(logger).step('count', fail(fault))).toBeUndefined()
    expect(error.mock.lastCall?.[1]).toBe('could not count')
  })

  test.each([unavailableError(), fullError()])(
    'ends the whole when the store cannot be used: %s',
    async cause => {
      await expect(new StoreLoop(logger).step('count', fail(cause))).rejects.toBe(cause)
      expect(error).not.toHaveBeenCalled()
    },
  )
})
