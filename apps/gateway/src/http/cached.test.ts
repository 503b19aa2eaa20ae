import { expect, test } from 'vitest'
import { cached } from './cached.ts'

/** A value that counts how often it was read, and a clock that the test sets. */
const trial = () => {
  const state = { now: 1_000_000, reads: 0 }
  const value = cached({ read: () => ++state.reads, now: () => state.now })
  return { state, value }
}

test('a value is read when it is first asked for', () => {
  const { state, value } = trial()
  expect(state.reads).toBe(0)
  expect(value()).toBe(1)
})

test('a value is read once a second, however often it is asked for', () => {
  const { state, value } = trial()
  for (let asked = 0; asked < 10; asked++) expect(value()).toBe(1)
  state.now += 999
  expect(value()).toBe(1)
  state.now += 1
  expect(value()).toBe(2)
})

test('a value is read again after the clock was set back', () => {
  const { state, value } = trial()
  expect(value()).toBe(1)
  state.now -= 3_600_000
  expect(value()).toBe(2)
})

test('a value that could not be read is read again at the next request', () => {
  let fails = true
  const read = () => {
    if (fails) throw new Error('not now')
    return 'value'
  }
  const value = cached({ read, now: () => 0 })
  expect(value).toThrow('not now')
  fails = false
  expect(value()).toBe('value')
})
