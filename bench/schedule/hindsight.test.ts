import { expect, test } from 'vitest'
import { everyOrder } from '../testing/every-order.ts'
import { hindsightOf, leastMakespanS } from './hindsight.ts'
import { randomOf } from './random.ts'
import { type MakePolicy, simulate } from './simulate.ts'
import { agents, independent, type Trace } from './trace.ts'

/** Small traces, and what the simulation makes of all orders of their jobs. */
const small = (room: number, count: number) => {
  const random = randomOf(2)
  const upTo = (most: number) => Math.floor(random() * most)
  return Array.from({ length: count }, () => {
    const jobs = Array.from({ length: 1 + upTo(5) }, (_, at) => ({
      at: upTo(20),
      caller: `c${at}`,
      model: `m${upTo(4)}`,
      workS: 1 + upTo(5),
      kind: 'all',
    }))
    const trace: Trace = { loadS: { m0: upTo(8), m1: upTo(8), m2: upTo(8), m3: upTo(8) }, jobs, agents: [] }
    const callers = everyOrder(jobs.map(({ caller }) => caller))
    return { trace, outcomes: callers.map(order => simulate(trace, inOrder(order), { room, seed: 1 })) }
  })
}

const inOrder =
  (callers: readonly string[]): MakePolicy =>
  () => {
    let ran = 0
    return {
      choose: ({ waiting }) => {
        const job = waiting.find(({ caller }) => caller === callers[ran])
        if (job) ran += 1
        return job && { job }
      },
    }
  }

test('no order ends before the best one, nor at the same time with fewer loads', () => {
  for (const { trace, outcomes } of small(1, 100)) {
    const makespanS = Math.min(...outcomes.map(outcome => outcome.makespanS))
    const first = outcomes.filter(outcome => outcome.makespanS < makespanS + 1e-6)
    expect(hindsightOf(trace, 1)).toEqual({
      kind: 'best',
      makespanS: expect.closeTo(makespanS) as number,
      loads: Math.min(...first.map(({ loads }) => loads)),
    })
  }
})

test.each([1, 2, 3])('no order ends before the lower bound, with room for %i models', room => {
  for (const { trace, outcomes } of small(room, 100)) {
    const makespanS = Math.min(...outcomes.map(outcome => outcome.makespanS))
    expect(leastMakespanS(trace, room)).toBeLessThan(makespanS + 1e-6)
  }
})

test('the lower bound is what work and loads take when all comes at once', () => {
  const jobs = ['m0', 'm1', 'm0'].map(model => ({ at: 3, caller: 'c', model, workS: 1, kind: 'all' }))
  expect(leastMakespanS({ loadS: { m0: 5, m1: 7, m2: 9 }, jobs, agents: [] }, 2)).toBe(3 + 3 + 12)
})

test('of the last jobs, those of the models that may be in memory need no load', () => {
  const last = ['m0', 'm1', 'm2'].map(model => ({ at: 100, caller: 'c', model, workS: 1, kind: 'all' }))
  const trace: Trace = {
    loadS: { m0: 5, m1: 7, m2: 9 },
    jobs: [{ at: 0, caller: 'c', model: 'm0', workS: 1, kind: 'all' }, ...last],
    agents: [],
  }
  expect([1, 2, 3].map(room => leastMakespanS(trace, room))).toEqual([115, 108, 103])
})

test('nobody knows the arrivals of those who wait for answers, and large traces have a lower bound only', () => {
  expect(hindsightOf(agents(2, 2, 10, 2, 3)(1), 1)).toBeUndefined()
  expect(hindsightOf(independent(800, 4, 40, 0.8)(1), 1)).toMatchObject({ kind: 'bound' })
  expect(hindsightOf(independent(60, 2, 40, 0.8)(1), 1)).toMatchObject({ kind: 'best' })
  expect(hindsightOf(independent(60, 2, 40, 0.8)(1), 2)).toMatchObject({ kind: 'bound' })
})
