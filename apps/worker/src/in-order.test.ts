import { setImmediate } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { inOrder } from './in-order.ts'

test('each returns what it returns', async () => {
  const run = inOrder()
  expect(await Promise.all([run(async () => 1), run(async () => 'two')])).toEqual([1, 'two'])
})

test('one begins when the one before it has ended, in the order of the calls', async () => {
  const run = inOrder()
  const seen: string[] = []
  const act = (name: string, steps: number) => async () => {
    seen.push(`${name} begins`)
    for (let step = 0; step < steps; step++) await setImmediate()
    seen.push(`${name} ends`)
  }
  await Promise.all([run(act('slow', 5)), run(act('quick', 0)), run(act('last', 1))])
  expect(seen).toEqual(['slow begins', 'slow ends', 'quick begins', 'quick ends', 'last begins', 'last ends'])
})

test.each(['rejects', 'throws'])(
  'one that %s fails alone: those behind it follow in their order',
  async how => {
    const run = inOrder()
    const seen: number[] = []
    const failing = run(() => {
      const error = new Error('malformed')
      if (how === 'throws') throw error
      return setImmediate().then(() => Promise.reject(error))
    })
    const others = [1, 2, 3].map(n => run(async () => void seen.push(n)))
    await expect(failing).rejects.toThrow('malformed')
    await Promise.all(others)
    expect(seen).toEqual([1, 2, 3])
  },
)

test('what has its own order does not wait for another', async () => {
  const never = inOrder()
  void never(() => new Promise<void>(() => undefined))
  expect(await inOrder()(async () => 'done')).toBe('done')
})
