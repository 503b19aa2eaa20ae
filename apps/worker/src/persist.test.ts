import { busyError, fullError } from '@foreman/store/testing'
import { pino } from 'pino'
import { describe, expect, test, vi } from 'vitest'
import { contain, isolate, persist, tryWrite, writeQuietly } from './persist.ts'

const logger = pino({ level: 'silent' })

const errors = { busy: busyError(), full: fullError(), lost: new Error('lost') }

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

const fail = (failure: Failure) => (): never => {
  throw errors[failure]
}

describe('tryWrite', () => {
  test('returns what the write returns', () => {
    expect(tryWrite(() => 7, logger, 'later')).toBe(7)
  })

  test.each(['busy', 'full'] as const)(
    'returns undefined and says what happens next when the file is %s',
    failure => {
      const warn = vi.spyOn(logger, 'warn')
      expect(tryWrite<number>(fail(failure), logger, 'looking again')).toBeUndefined()
      expect(warn.mock.lastCall?.[1]).toBe('the file is busy or full; looking again')
    },
  )

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

  test.each(['busy', 'full'] as const)('ends the whole when the file is %s', failure => {
    expect(() => isolate<number>(fail(failure), logger, 'count')).toThrow(errors[failure])
  })
})

test.each(['lost', 'busy'] as const)(
  'a unit of work that fails as %s is logged, and goes no further',
  failure => {
    const error = vi.spyOn(logger, 'error')
    contain(fail(failure), logger, 'count')
    expect(error.mock.lastCall?.[1]).toBe('could not count')
  },
)

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
