import { setImmediate } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { inSlices, TimeSlice } from './slices.ts'

/** Work of so many steps, each of which takes longer than a slice. It notes its steps. */
const work = function* (name: string, steps: number, done: string[]) {
  for (let step = 0; step < steps; step++) {
    const end = performance.now() + 6
    while (performance.now() < end);
    done.push(name)
    yield
  }
  return name
}

/** Others that are served in each round of the event loop. @returns a function that ends them */
const serveOthers = (done: string[]): (() => Promise<void>) => {
  let isOver = false
  const others = (async () => {
    while (!isOver) {
      await setImmediate()
      done.push('-')
    }
  })()
  return () => {
    isOver = true
    return others
  }
}

test('work of one step is done at once', () => {
  const done: string[] = []
  void inSlices(work('a', 1, done))
  expect(done).toEqual(['a'])
})

test('long works alternate, and others are served between two slices', async () => {
  const done: string[] = []
  const endOthers = serveOthers(done)
  const results = await Promise.all([inSlices(work('a', 4, done)), inSlices(work('b', 4, done))])
  await endOthers()
  expect(results).toEqual(['a', 'b'])
  // The first steps are done at once. Afterwards no slice follows another without a round of the event loop.
  expect(done.slice(2).join('')).not.toMatch(/[ab][ab]/)
})

test('works that rest by themselves do so, too, however many they are', async () => {
  const done: string[] = []
  const endOthers = serveOthers(done)
  const resting = async () => {
    const slice = new TimeSlice()
    for (let round = 0; round < 3; round++) {
      await slice.rest()
      done.push('a')
    }
  }
  await Promise.all(Array.from({ length: 20 }, resting))
  await endOthers()
  expect(done.join('')).not.toContain('aa')
})

test('an error of the work is an error of the caller', async () => {
  const failing = function* () {
    yield
    throw new Error('broken')
  }
  await expect(inSlices(failing())).rejects.toThrow('broken')
})
