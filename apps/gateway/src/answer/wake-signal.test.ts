import { expect, test } from 'vitest'
import { WakeSignal } from './wake-signal.ts'

const LONG_MS = 60_000

test('a signal that is raised while somebody waits wakes them', async () => {
  const signal = new WakeSignal()
  const woken = signal.next(LONG_MS)
  signal.raise()
  expect(await woken).toBe(true)
})

test('a signal that was raised before is not missed', async () => {
  const signal = new WakeSignal()
  signal.raise()
  signal.raise()
  expect(await signal.next(LONG_MS)).toBe(true)
})

test('each wait ends once, however often the signal was raised before', async () => {
  const signal = new WakeSignal()
  signal.raise()
  signal.raise()
  await signal.next(LONG_MS)
  expect(await signal.next(1)).toBe(false)
})
