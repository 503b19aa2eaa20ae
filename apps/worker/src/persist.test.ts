import { fullError, notWritableError, unavailableError } from '@foreman/store/testing'
import { pino } from 'pino'
import { expect, onTestFinished, test, vi } from 'vitest'
import { contain, persist, writeQuietly } from './persist.ts'

const logger = pino({ level: 'silent' })

const errors = {
  unavailable: unavailableError(),
  full: fullError(),
  notWritable: notWritableError(),
  lost: new Error('lost'),
}

type Failure = keyof typeof errors

/** A write that fails in each of these ways in turn, and then succeeds. */
const failing = (...failures: Failure[]) => {
  const write = vi.fn<() => Promise<void>>(() => Promise.resolve())
  for (const failure of failures) write.mockRejectedValueOnce(errors[failure])
  return write
}

test('a write that succeeds is made once', async () => {
  const write = failing()
  await persist(write, logger)
  expect(write).toHaveBeenCalledTimes(1)
})

test('a write is tried again while the store is unavailable, full or not writable', async () => {
  const write = failing('unavailable', 'full', 'notWritable')
  await persist(write, logger)
  expect(write).toHaveBeenCalledTimes(4)
})

test('a write that goes on failing is repeated and logged ever more rarely', async () => {
  vi.useFakeTimers()
  onTestFinished(() => void vi.useRealTimers())
  const warn = vi.spyOn(logger, 'warn')
  warn.mockClear()
  const write = vi.fn<() => Promise<void>>(() => Promise.reject(errors.full))
  const controller = new AbortController()
  const end = persist(write, logger, controller.signal)
  end.catch(() => undefined)
  await vi.advanceTimersByTimeAsync(60_000)
  expect(write.mock.calls.length).toBeLessThan(20)
  expect(warn.mock.calls.length).toBeLessThan(8)
  controller.abort()
  await expect(end).rejects.toThrow('aborted')
})

test('a write that fails for another reason is not tried again', async () => {
  const write = failing('unavailable', 'lost')
  await expect(persist(write, logger)).rejects.toThrow('lost')
  expect(write).toHaveBeenCalledTimes(2)
})

test('an aborted signal ends the repetition', async () => {
  const controller = new AbortController()
  const write = failing('full', 'full', 'full')
  const end = persist(write, logger, controller.signal)
  controller.abort(new Error('stopped'))
  await expect(end).rejects.toMatchObject({ cause: { message: 'stopped' } })
  expect(write).toHaveBeenCalledTimes(1)
})

test('a write that succeeds at once is made although the signal has been aborted', async () => {
  const write = failing()
  await persist(write, logger, AbortSignal.abort())
  expect(write).toHaveBeenCalledTimes(1)
})

const fail = (failure: Failure) => (): never => {
  throw errors[failure]
}

test.each(['lost', 'unavailable'] as const)(
  'a unit of work that fails as %s is logged, and goes no further',
  failure => {
    const error = vi.spyOn(logger, 'error')
    contain(fail(failure), logger, 'count')
    expect(error.mock.lastCall?.[1]).toBe('could not count')
  },
)

test('a quiet write that fails is only logged, whatever the error', async () => {
  const warn = vi.spyOn(logger, 'warn')
  const error = new Error('closed')
  await writeQuietly(() => Promise.reject(error), logger, 'send the heartbeat')
  expect(warn).toHaveBeenLastCalledWith({ err: error }, 'could not send the heartbeat')
})
