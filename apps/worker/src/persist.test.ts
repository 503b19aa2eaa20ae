import type * as store from '@foreman/store'
import { pino } from 'pino'
import { describe, expect, test, vi } from 'vitest'
import { contain, isolate, persist, tryWrite, writeQuietly } from './persist.ts'

vi.mock('@foreman/store', async original => ({
  ...(await original<typeof store>()),
  isBusy: (error: Error) => error.message === 'busy',
  isFull: (error: Error) => error.message === 'full',
}))

const logger = pino({ level: 'silent' })

/** A write that fails with each of these messages in turn, and then succeeds. */
const failing = (...messages: string[]) => {
  const write = vi.fn<() => Promise<void>>(() => Promise.resolve())
  for (const message of messages) {
    write.mockImplementationOnce(() => Promise.reject(new Error(message)))
  }
  return write
}

test('a write that succeeds is made once', async () => {
  const write = failing()
  await persist(write, logger)
  expect(write).toHaveBeenCalledTimes(1)
})

test('a write is tried again while the file is busy or full', async () => {
  const write = failing('busy', 'full')
  await persist(write, logger)
  expect(write).toHaveBeenCalledTimes(3)
})

test('a write that fails for another reason is not tried again', async () => {
  const write = failing('busy', 'lost')
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

const fail = (message: string) => (): never => {
  throw new Error(message)
}

describe('tryWrite', () => {
  test('returns what the write returns', () => {
    expect(tryWrite(() => 7, logger, 'later')).toBe(7)
  })

  test.each(['busy', 'full'])('returns undefined and says what happens next when the file is %s', message => {
    const warn = vi.spyOn(logger, 'warn')
    expect(tryWrite<number>(fail(message), logger, 'looking again')).toBeUndefined()
    expect(warn.mock.lastCall?.[1]).toBe('the file is busy or full; looking again')
  })

  test('returns undefined, and logs the error, when anything else has failed', () => {
    const error = vi.spyOn(logger, 'error')
    expect(tryWrite<number>(fail('lost'), logger, 'looking again')).toBeUndefined()
    expect(error.mock.lastCall).toEqual([
      { err: expect.objectContaining({ message: 'lost' }) as Error },
      'something failed that should not; looking again',
    ])
  })
})

describe('a step among others', () => {
  test('returns what it returns', () => {
    expect(isolate(() => 7, logger, 'count')).toBe(7)
  })

  test('that fails is logged, and ends nothing else', () => {
    const error = vi.spyOn(logger, 'error')
    expect(isolate<number>(fail('lost'), logger, 'count')).toBeUndefined()
    expect(error.mock.lastCall?.[1]).toBe('could not count')
  })

  test.each(['busy', 'full'])('ends the whole when the file is %s', message => {
    expect(() => isolate<number>(fail(message), logger, 'count')).toThrow(message)
  })
})

test.each(['lost', 'busy'])('a unit of work that fails as %s is logged, and goes no further', message => {
  const error = vi.spyOn(logger, 'error')
  contain(fail(message), logger, 'count')
  expect(error.mock.lastCall?.[1]).toBe('could not count')
})

test('a quiet write that fails is only logged, whatever the error', () => {
  const warn = vi.spyOn(logger, 'warn')
  const error = new Error('closed')
  writeQuietly(
    () => {
      throw error
    },
    logger,
    'send the heartbeat',
  )
  expect(warn).toHaveBeenLastCalledWith({ err: error }, 'could not send the heartbeat')
})
