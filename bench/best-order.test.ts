import { expect, test } from 'vitest'
import { bestOrder, type Job } from './best-order.ts'

const jobs = (models: string, everyMs = 0): Job[] =>
  models.split('').map((model, at) => ({ model, arrivesMs: at * everyMs }))
const order = ({ order: best }: { order: readonly Job[] }) => best.map(({ model }) => model).join('')

test('jobs that are all there at the start run model by model', () => {
  const best = bestOrder(jobs('abcabcabc'), { loadMs: 10, jobMs: 1 })
  expect(best.loads).toBe(3)
  expect(best.makespanMs).toBe(39)
  expect(order(best)).toMatch(/^(aaa|bbb|ccc){3}$/)
})

test('the target waits for a job that is about to arrive when that costs less than another load', () => {
  const few = [...jobs('ab'), { model: 'a', arrivesMs: 12 }, { model: 'b', arrivesMs: 13 }]
  const best = bestOrder(few, { loadMs: 10, jobMs: 1 })
  expect(order(best)).toBe('aabb')
  expect(best.makespanMs).toBe(25)
})

test('no other order of a small set of jobs ends earlier', () => {
  const costs = { loadMs: 3, jobMs: 1 }
  const few = jobs('abcab', 2)
  const makespan = (run: readonly Job[]) =>
    run.reduce(
      ({ at, model }, job) => ({
        at: Math.max(at, job.arrivesMs) + (job.model === model ? 0 : costs.loadMs) + costs.jobMs,
        model: job.model,
      }),
      { at: 0, model: '' },
    ).at
  const permutations = (rest: readonly Job[]): Job[][] =>
    rest.length === 0
      ? [[]]
      : rest.flatMap((job, at) => permutations(rest.toSpliced(at, 1)).map(tail => [job, ...tail]))
  const best = bestOrder(few, costs)
  expect(best.makespanMs).toBe(Math.min(...permutations(few).map(makespan)))
  expect(makespan(best.order)).toBe(best.makespanMs)
})

test('the best order of no jobs is empty', () => {
  expect(() => bestOrder([], { loadMs: 1, jobMs: 1 })).not.toThrow()
  expect(bestOrder([], { loadMs: 1, jobMs: 1 })).toEqual({ order: [], makespanMs: 0, loads: 0 })
})
