import { busyError, fullError, readOnlyError } from '@foreman/store/testing'
import { pino } from 'pino'
import { beforeEach, describe, expect, onTestFinished, test, vi } from 'vitest'
import { FileLoop } from './file-loop.ts'

const logger = pino({ level: 'silent' })
const warn = vi.spyOn(logger, 'warn')
const error = vi.spyOn(logger, 'error')
const fault = new Error('a fault')

beforeEach(() => {
  warn.mockClear()
  error.mockClear()
})

const fail = (cause: Error) => (): never => {
  throw cause
}

describe('what a loop tries', () => {
  test('returns what it returns, and there is no pause', () => {
    const loop = new FileLoop(logger)
    expect(loop.try('count', () => 7)).toBe(7)
    expect(loop.pauseMs('count')).toBe(0)
  })

  test.each([busyError(), fullError(), readOnlyError()])(
    'returns undefined, with a warning, when the file cannot be used: %s',
    cause => {
      expect(new FileLoop(logger).try('count', fail(cause))).toBeUndefined()
      expect(warn.mock.calls).toEqual([[{ err: cause }, 'could not count: the file cannot be used now']])
    },
  )

  test('returns undefined, with an error, when anything else has failed', () => {
    expect(new FileLoop(logger).try('count', fail(fault))).toBeUndefined()
    expect(error.mock.calls).toEqual([[{ err: fault }, 'could not count']])
  })

  test('is repeated and logged ever more rarely while it fails, and at once when it fails after a success', () => {
    vi.useFakeTimers()
    onTestFinished(() => void vi.useRealTimers())
    const loop = new FileLoop(logger)
    let tries = 0
    const until = performance.now() + 60_000
    while (performance.now() < until) {
      loop.try('count', fail(fault))
      tries++
      vi.advanceTimersByTime(loop.pauseMs('count'))
    }
    expect(tries).toBeLessThan(20)
    expect(error.mock.calls.length).toBeLessThan(8)
    error.mockClear()
    loop.try('count', () => 7)
    loop.try('count', fail(fault))
    expect(error).toHaveBeenCalledTimes(1)
    expect(loop.pauseMs('count')).toBe(200)
  })
})

describe('a step among others', () => {
  test('returns what it returns', () => {
    expect(new FileLoop(logger).step('count', () => 7)).toBe(7)
  })

  test('that fails is logged, and ends nothing else', () => {
    expect(new FileLoop(logger).step('count', fail(fault))).toBeUndefined()
    expect(error.mock.lastCall?.[1]).toBe('could not count')
  })

  test.each([busyError(), fullError()])('ends the whole when the file cannot be used: %s', cause => {
    expect(() => new FileLoop(logger).step('count', fail(cause))).toThrow(cause)
    expect(error).not.toHaveBeenCalled()
  })
})
