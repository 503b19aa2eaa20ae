import type * as store from '@foreman/store'
import { pino } from 'pino'
import { expect, test, vi } from 'vitest'
import { persist } from './persist.ts'

vi.mock('@foreman/store', async original => ({
  ...(await original<typeof store>()),
  isBusy: (error: Error) => error.message === 'busy',
  isFull: (error: Error) => error.message === 'full',
}))

const logger = pino({ level: 'silent' })

/** Fails with these, one after the other, and then succeeds. */
const failing = (...messages: string[]) => {
  const write = vi.fn<() => Promise<void>>(() => Promise.resolve())
  for (const message of messages) {
    write.mockImplementationOnce(() => Promise.reject(new Error(message)))
  }
  return write
}

test('a write that succeeds is done once', async () => {
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

test('a write is given up when it is told to', async () => {
  const controller = new AbortController()
  const write = failing('full', 'full', 'full')
  const end = persist(write, logger, controller.signal)
  controller.abort(new Error('stopped'))
  await expect(end).rejects.toMatchObject({ cause: { message: 'stopped' } })
  expect(write).toHaveBeenCalledTimes(1)
})

test('what need not wait is done also when it is told to give up', async () => {
  const write = failing()
  await persist(write, logger, AbortSignal.abort())
  expect(write).toHaveBeenCalledTimes(1)
})
