import { expect, test } from 'vitest'
import { Slots } from './slots.ts'

test('of several pieces of work only so many are done at the same time, and the others follow in order', async () => {
  const slots = new Slots(2)
  const begun: string[] = []
  const begin = async (name: string) => {
    const giveBack = await slots.take()
    begun.push(name)
    return giveBack
  }
  const [a, b, c, d] = ['a', 'b', 'c', 'd'].map(begin)
  await Promise.all([a, b])
  expect(begun).toEqual(['a', 'b'])
  for (const [done, next] of [
    [a, c],
    [c, d],
  ] as const) {
    ;(await done)!()
    await next
  }
  expect(begun).toEqual(['a', 'b', 'c', 'd'])
})
