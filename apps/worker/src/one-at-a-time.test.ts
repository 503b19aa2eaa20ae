import { setImmediate } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { OneAtATime } from './one-at-a-time.ts'

/** Counts how often it is done. The test ends each of them. */
const setUp = () => {
  const begun: (() => void)[] = []
  let inside = 0
  const counts = { most: 0, ended: 0 }
  const looks = new OneAtATime(async () => {
    inside++
    counts.most = Math.max(counts.most, inside)
    await new Promise<void>(resolve => begun.push(resolve))
    inside--
    counts.ended++
  })
  /** Ends what is being done, and gives what follows from it the time to happen. */
  const end = async () => {
    begun.at(-1)!()
    await setImmediate()
  }
  /** Asks, and gives the beginning the time to happen. */
  const ask = async (times = 1) => {
    const asked = Array.from({ length: times }, () => looks.ask())
    await setImmediate()
    return { asked: Promise.all(asked) }
  }
  return { looks, begun, counts, ask, end }
}

test('who asks gets it done once', async () => {
  const { begun, counts, ask, end } = setUp()
  const { asked } = await ask()
  await end()
  await asked
  expect(begun).toHaveLength(1)
  const again = await ask()
  await end()
  await again.asked
  expect(counts).toEqual({ most: 1, ended: 2 })
})

test('who asks while it is being done gets it done once more, from the beginning', async () => {
  const { begun, counts, ask, end } = setUp()
  await ask()
  const { asked } = await ask()
  const endedWhenAsked = asked.then(() => counts.ended)
  await end()
  expect(begun).toHaveLength(2)
  await end()
  expect(await endedWhenAsked).toBe(2)
  expect(begun).toHaveLength(2)
})

test('ten who ask while it is being done get it done once more together, and it is never done twice at a time', async () => {
  const { begun, counts, ask, end } = setUp()
  await ask()
  const { asked } = await ask(10)
  await end()
  await end()
  await asked
  await setImmediate()
  expect(begun).toHaveLength(2)
  expect(counts).toEqual({ most: 1, ended: 2 })
})

test('ten who ask at the same time, before it has begun, get it done once', async () => {
  const { begun, ask, end } = setUp()
  const { asked } = await ask(10)
  await end()
  await asked
  expect(begun).toHaveLength(1)
})

test.each(['at its beginning', 'in the middle of it'])(
  'what asks within itself, %s, is done once more and not at the same time',
  async when => {
    let [inside, most, times] = [0, 0, 0]
    const looks: OneAtATime = new OneAtATime(async () => {
      most = Math.max(most, ++inside)
      if (when === 'in the middle of it') await setImmediate()
      if (++times === 1) void looks.ask()
      await setImmediate()
      inside--
    })
    await looks.ask()
    await setImmediate()
    expect({ times, most, inside }).toEqual({ times: 2, most: 1, inside: 0 })
  },
)
