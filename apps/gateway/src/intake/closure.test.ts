import { describe, expect, test, vi } from 'vitest'
import { tempStore } from '../testing/temp-store.ts'
import { Closure } from './closure.ts'

const START = 1_000_000

const setUp = async () => {
  const store = await tempStore()
  const clock = { now: START }
  const closure = new Closure({ store, now: () => clock.now })
  const close = (until?: number) => store.holds.set({ kind: 'close', until, by: 'ann' }, clock.now)
  /** After how many seconds to try again. Undefined: it is open. */
  const retryAfter = async () => {
    try {
      await closure.ensureOpen()
      return undefined
    } catch (error) {
      expect(error).toMatchObject({ status: 503, code: 'closed' })
      return (error as { headers: Record<string, string> }).headers['Retry-After']
    }
  }
  return { store, clock, closure, close, retryAfter }
}

describe('a queue that an operator has closed', () => {
  test('refuses jobs, and says when to try again', async () => {
    const { close, clock, closure, retryAfter } = await setUp()
    await close()
    expect(await retryAfter()).toBe('60')
    await close(START + 90_500)
    closure.forget()
    expect(await retryAfter()).toBe('91')
    clock.now += 90_500
    expect(await retryAfter()).toBeUndefined()
    await close(clock.now + 9 * 3_600_000)
    closure.forget()
    expect(await retryAfter()).toBe('3600')
  })

  test('by another gateway is heeded within a second', async () => {
    const { close, clock, retryAfter } = await setUp()
    expect(await retryAfter()).toBeUndefined()
    await close()
    clock.now += 1_000
    expect(await retryAfter()).toBe('60')
  })
})

test('a thousand jobs read it once', async () => {
  const { store, closure } = await setUp()
  await store.holds.set({ kind: 'pause', by: 'ann' }, START)
  const list = vi.spyOn(store.holds, 'list')
  for (let job = 0; job < 1_000; job++) await closure.ensureOpen()
  expect(list).toHaveBeenCalledTimes(1)
})
