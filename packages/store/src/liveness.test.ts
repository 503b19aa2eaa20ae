import { expect, test } from 'vitest'
import { isAlive } from './liveness.ts'

test.each([
  ['a heartbeat of this moment', 10_000, true],
  ['a heartbeat that another write delayed', 2_000, true],
  ['a heartbeat that is too old', 1_999, false],
  ['a heartbeat in the near future, because the clock was set back', 18_000, true],
  ['a heartbeat in the far future', 18_001, false],
])('%s decides whether the worker is alive', (_what, heartbeatAt, alive) => {
  expect(isAlive({ heartbeatAt }, 10_000)).toBe(alive)
})

test('without a worker, none is alive', () => {
  expect(isAlive(undefined, 10_000)).toBe(false)
})
