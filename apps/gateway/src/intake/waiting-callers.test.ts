import { expect, test } from 'vitest'
import { WaitingCallers } from './waiting-callers.ts'

const full = expect.objectContaining({
  status: 503,
  message: 'server busy, please try again.  maximum pending requests exceeded',
  headers: { 'Retry-After': '5' },
}) as Error

test('as many callers may wait as the limit says', () => {
  const waitingCallers = new WaitingCallers(2)
  waitingCallers.enter()
  waitingCallers.enter()
  expect(() => waitingCallers.enter()).toThrow(full)
})

test('a caller whose job has started makes room for another', () => {
  const waitingCallers = new WaitingCallers(1)
  const slot = waitingCallers.enter()
  slot.setWaiting(false)
  waitingCallers.enter()
  expect(() => waitingCallers.enter()).toThrow(full)
})

test('a caller whose job goes back to the queue waits again, even above the limit', () => {
  const waitingCallers = new WaitingCallers(1)
  const slot = waitingCallers.enter()
  slot.setWaiting(false)
  const other = waitingCallers.enter()
  slot.setWaiting(true)
  other.setWaiting(false)
  expect(() => waitingCallers.enter()).toThrow(full)
  slot.setWaiting(false)
  waitingCallers.enter()
})

test('saying the same twice counts once', () => {
  const waitingCallers = new WaitingCallers(2)
  const slot = waitingCallers.enter()
  slot.setWaiting(true)
  waitingCallers.enter()
  slot.setWaiting(false)
  slot.setWaiting(false)
  waitingCallers.enter()
  expect(() => waitingCallers.enter()).toThrow(full)
})
