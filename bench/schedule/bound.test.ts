import { expect, test } from 'vitest'
import { BoundWatch } from './bound.ts'
import type { SimulatedJob } from './simulate.ts'

const job = (model: string, at: number): SimulatedJob => ({
  seq: at,
  at,
  caller: 'c',
  model,
  kind: 'all',
  priority: 1,
  workS: 1,
  agent: undefined,
})

/** The violations so far after choices at these times: of a model, while others wait. */
const count = (
  choices: readonly (readonly [now: number, chosen: string, memory: string[], others: SimulatedJob[]])[],
) => {
  const watch = new BoundWatch({ a: 1, b: 1, c: 1, slow: 40 })
  return choices.map(([now, model, memory, others]) => {
    const chosen = job(model, now)
    watch.chosen(chosen, { now, memory, waiting: [...others, chosen] })
    return watch.violations
  })
}

test('each job that runs while another model has waited for too long violates the bound', () => {
  const waiting = [job('b', 1)]
  expect(
    count([
      [0, 'a', [], []],
      [61, 'a', ['a'], waiting],
      [62, 'a', ['a'], waiting],
      [63, 'a', ['a'], waiting],
      [64, 'b', ['a'], waiting],
    ]),
  ).toEqual([0, 0, 1, 2, 2])
})

test('a wait counts from the start of the turn', () => {
  const waiting = [job('b', 0)]
  expect(
    count([
      [10, 'c', [], waiting],
      [20, 'a', ['c'], waiting],
      [80, 'a', ['a'], waiting],
      [81, 'a', ['a'], waiting],
    ]),
  ).toEqual([0, 0, 0, 1])
})

test('of several models that have waited for too long, each may be next', () => {
  const waiting = [job('b', 0), job('c', 5)]
  expect([count([[70, 'b', ['a'], waiting]]), count([[70, 'c', ['a'], waiting]])]).toEqual([[0], [0]])
  expect(count([[70, 'slow', ['a'], waiting]])).toEqual([1])
})

test('a model may wait for four of its loads', () => {
  const waiting = [job('slow', 0)]
  expect(
    count([
      [160, 'a', ['a'], waiting],
      [161, 'a', ['a'], waiting],
    ]),
  ).toEqual([0, 1])
})

test('what is in memory waits for no turn', () => {
  expect(count([[100, 'a', ['a', 'b'], [job('b', 0)]]])).toEqual([0])
})
