import { expect, test } from 'vitest'
import { cached } from './cached.ts'

/** A value that counts how often it was read, and a clock that the test sets. */
const trial = () => {
  const state = { now: 1_000_000, reads: 0 }
  const value = cached({ read: async () => ++state.reads, now: () => state.now })
  return { state, value }
}

test('a value is read when it is first asked for', async () => {
  const { state, value } = trial()
  expect(state.reads).toBe(0)
  expect(await value()).toBe(1)
})

test('a value is read once a second, however often it is asked for', async () => {
  const { state, value } = trial()
  for (let asked = 0; asked < 10; asked++) expect(await value()).toBe(1)
  state.now += 999
  expect(await value()).toBe(1)
  state.now += 1
  expect(await value()).toBe(2)
})

test('a value is read again after the clock was set back', async () => {
  const { state, value } = trial()
  expect(await value()).toBe(1)
  state.now -= 3_600_000
  expect(await value()).toBe(2)
})

test('whoever asks while a value is read waits for it, however long that takes', async () => {
  const reads: PromiseWithResolvers<string>[] = []
  const clock = { now: 0 }
  const read = () => {
    const reading = Promise.withResolvers<string>()
    reads.push(reading)
    return reading.promise
  }
  const value = cached({ read, now: () => clock.now })
  const first = value()
  clock.now += 5_000
  const second = value()
  expect(reads).toHaveLength(1)
  reads[0]!.resolve('value')
  expect(await Promise.all([first, second, value()])).toEqual(['value', 'value', 'value'])
  expect(reads).toHaveLength(1)
})

test.each<[how: string, fail: () => Promise<string>]>([
  ['rejects', () => Promise.reject(new Error('not now'))],
  [
    'throws',
    () => {
      throw new Error('not now')
    },
  ],
])('a value whose read %s is read again at the next request', async (_how, fail) => {
  let fails = true
  const read = () => (fails ? fail() : Promise.resolve('value'))
  const value = cached({ read, now: () => 0 })
  const failed = await Promise.allSettled([value(), value()])
  expect(failed.map(({ status }) => status)).toEqual(['rejected', 'rejected'])
  fails = false
  expect(await value()).toBe('value')
})
