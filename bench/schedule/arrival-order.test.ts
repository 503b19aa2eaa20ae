import { type ArrivedJob, inOrderOfArrival } from '@foreman/scheduling'
import { expect, test } from 'vitest'
import { inOrderOfArrival as policy } from './policies.ts'
import { type Random, randomOf } from './random.ts'
import { simulate } from './simulate.ts'

const loadMs: Readonly<Record<string, number>> = { a: 3_000, b: 10_000, c: 500, d: 7_000 }
const loadS = Object.fromEntries(Object.entries(loadMs).map(([model, ms]) => [model, ms / 1_000]))

const randomJobs = (random: Random): ArrivedJob[] => {
  const upTo = (most: number) => Math.floor(random() * most)
  let arrivedAt = 0
  return Array.from({ length: 1 + upTo(60) }, () => {
    arrivedAt += upTo(8) * 250
    const model = 'abcd'[upTo(4)]!
    return { groupKey: model, model, arrivedAt, workMs: 250 * upTo(20) }
  })
}

/** What the simulation of the benchmarks says. */
const simulated = (jobs: readonly ArrivedJob[], room: number) => {
  const arrivals = jobs.map(({ model, arrivedAt, workMs }) => ({
    at: arrivedAt / 1_000,
    caller: 'c',
    model,
    workS: workMs / 1_000,
    kind: 'all',
  }))
  const { loads, makespanS } = simulate({ loadS, jobs: arrivals, agents: [] }, policy, { room, seed: 1 })
  return { loads, endedAt: Math.round(makespanS * 1_000) }
}

const served = (jobs: readonly ArrivedJob[], fits: number) => {
  const { loads, endedAt } = inOrderOfArrival(jobs, {
    slots: 1,
    fits,
    loadMsOf: model => loadMs[model]!,
    memory: [],
  })
  return { loads, endedAt }
}

test('the order of arrival needs as many loads as in the simulation, and ends when it does', () => {
  const random = randomOf(1)
  for (let round = 0; round < 300; round++) {
    const jobs = randomJobs(random)
    expect(served(jobs, 1)).toEqual(simulated(jobs, 1))
    // The simulation has one job at a time, of whatever is in memory.
    for (const room of [2, 3]) expect(served(jobs, room).loads).toBe(simulated(jobs, room).loads)
  }
})

test('two jobs that change their places are found', () => {
  const jobs = 'aabb'.split('').map((model, at) => ({ groupKey: model, model, arrivedAt: at, workMs: 250 }))
  const [first, second, third, last] = jobs as [ArrivedJob, ArrivedJob, ArrivedJob, ArrivedJob]
  const swapped = [first, { ...third, arrivedAt: 1 }, { ...second, arrivedAt: 2 }, last]
  expect(served(jobs, 1)).toEqual(simulated(jobs, 1))
  expect(served(swapped, 1)).not.toEqual(simulated(jobs, 1))
  expect(served(swapped, 1).loads).toBe(simulated(jobs, 1).loads + 2)
})
