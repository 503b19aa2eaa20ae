import { expect, test } from 'vitest'
import { bestOrder, type Job } from './best-order.ts'
import { randomOf } from './schedule/random.ts'
import { everyOrder } from './testing/every-order.ts'

const jobs = (models: string, every = 0): Job[] =>
  models.split('').map((model, at) => ({ model, arrivesAt: at * every, takes: 1 }))
const order = ({ order: best }: { order: readonly Job[] }) => best.map(({ model }) => model).join('')
const ten = () => 10

test('jobs that are all there at the start run model by model', () => {
  const best = bestOrder(jobs('abcabcabc'), ten)
  expect(best.loads).toBe(3)
  expect(best.makespan).toBe(39)
  expect(order(best)).toMatch(/^(aaa|bbb|ccc){3}$/)
})

test('the target waits for a job that is about to arrive when that costs less than another load', () => {
  const late = [
    { model: 'a', arrivesAt: 12, takes: 1 },
    { model: 'b', arrivesAt: 13, takes: 1 },
  ]
  const best = bestOrder([...jobs('ab'), ...late], ten)
  expect(order(best)).toBe('aabb')
  expect(best.makespan).toBe(25)
})

test('of the orders that end first, one with the fewest loads is the best', () => {
  // All of it could run as it comes, with four loads: the last job comes late enough.
  const best = bestOrder([...jobs('aba'), { model: 'b', arrivesAt: 100, takes: 1 }], ten)
  expect([best.makespan, best.loads, order(best)]).toEqual([101, 2, 'aabb'])
})

test('no other order of a small set of jobs ends earlier, nor at the same time with fewer loads', () => {
  const random = randomOf(1)
  const upTo = (most: number) => Math.floor(random() * most)
  for (let round = 0; round < 200; round++) {
    const loads: Record<string, number> = { a: upTo(8), b: upTo(8), c: upTo(8) }
    const loadOf = (model: string) => loads[model]!
    const few = Array.from({ length: 1 + upTo(6) }, () => ({
      model: 'abc'[upTo(3)]!,
      arrivesAt: upTo(25),
      takes: 1 + upTo(5),
    }))
    const best = bestOrder(few, loadOf)
    const possible = everyOrder(few).map(one => costOf(one, loadOf))
    const makespan = Math.min(...possible.map(cost => cost.makespan))
    const fewest = Math.min(...possible.filter(cost => cost.makespan === makespan).map(cost => cost.loads))
    expect(best).toMatchObject({ makespan, loads: fewest })
    expect(costOf(best.order, loadOf)).toEqual({ makespan, loads: fewest })
    expect(new Set(best.order)).toEqual(new Set(few))
  }
})

const costOf = (run: readonly Job[], loadOf: (model: string) => number) => {
  let [makespan, loads, inMemory] = [0, 0, '']
  for (const { model, arrivesAt, takes } of run) {
    const isLoad = model !== inMemory
    makespan = Math.max(makespan, arrivesAt) + (isLoad ? loadOf(model) : 0) + takes
    loads += isLoad ? 1 : 0
    inMemory = model
  }
  return { makespan, loads }
}

test('the best order of no jobs is empty', () => {
  expect(bestOrder([], ten)).toEqual({ order: [], makespan: 0, loads: 0 })
})
