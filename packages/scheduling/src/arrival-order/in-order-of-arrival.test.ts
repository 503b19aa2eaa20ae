import { expect, test } from 'vitest'
import { type ArrivedJob, inOrderOfArrival, type Server } from './in-order-of-arrival.ts'

/** Jobs of the groups that are named, a second apart, each of which takes a second. */
const jobs = (groups: string): ArrivedJob[] =>
  groups.split(' ').map((groupKey, at) => ({
    groupKey,
    model: groupKey.toUpperCase(),
    arrivedAt: at * 1_000,
    workMs: 1_000,
  }))

const serve = (arrived: readonly ArrivedJob[], differing: Partial<Server> = {}) =>
  inOrderOfArrival(arrived, { slots: 1, fits: 1, loadMsOf: () => 10_000, memory: [], ...differing })

/** Each turn as its group, jobs, beginning and end in seconds. */
const told = ({ turns }: ReturnType<typeof inOrderOfArrival>) =>
  turns.map(({ groupKey, jobs: count, from, until }) => [groupKey, count, from / 1_000, until / 1_000])

test('each change of the model costs a load, and what was loaded serves until then', () => {
  const served = serve(jobs('a a b a'))
  expect(told(served)).toEqual([
    ['a', 2, 0, 12],
    ['b', 1, 12, 23],
    ['a', 1, 23, 34],
  ])
  expect(served).toMatchObject({ loads: 3, loadMs: 30_000, endedAt: 34_000 })
  expect(served.turns[1]).toMatchObject({ models: ['B'], loadMs: 10_000 })
})

test('what is in memory at the beginning is not loaded', () => {
  const served = serve(jobs('a b'), { memory: ['a'] })
  expect(told(served)).toEqual([
    ['a', 1, 0, 1],
    ['b', 1, 1, 12],
  ])
  expect(served.loads).toBe(1)
  expect(served.turns[0]!.loadMs).toBeUndefined()
})

test('where several groups fit into memory, the one that came longest ago leaves', () => {
  expect(serve(jobs('a b a c b'), { fits: 2 }).loads).toBe(4)
  expect(serve(jobs('a b a c a'), { fits: 2 }).loads).toBe(3)
})

test('what is in memory together runs at the same time, within one turn', () => {
  const served = serve(jobs('a b a b'), { fits: 2, memory: ['a', 'b'] })
  expect(told(served)).toEqual([['a', 4, 0, 4]])
  expect(served.turns[0]).toMatchObject({ models: ['A', 'B'] })
})

test('a load beside what runs begins another turn, and ends the one before', () => {
  const long = { groupKey: 'a', model: 'A', arrivedAt: 0, workMs: 60_000 }
  const [, other] = jobs('a b')
  expect(told(serve([long, other!], { fits: 2, memory: ['a'] }))).toEqual([
    ['a', 1, 0, 1],
    ['b', 1, 1, 12],
  ])
})

test('a group has so many slots, and waits for its last job before it leaves memory', () => {
  const all = jobs('a a a b').map(job => ({ ...job, arrivedAt: 0 }))
  expect(told(serve(all, { slots: 2 }))).toEqual([
    ['a', 3, 0, 12],
    ['b', 1, 12, 23],
  ])
})

test('a group that has no job for a minute begins another turn without a load', () => {
  const pause = (ms: number) => jobs('a a').map((job, at) => ({ ...job, arrivedAt: at * ms }))
  expect(told(serve(pause(70_999)))).toEqual([['a', 2, 0, 71.999]])
  expect(told(serve(pause(71_000)))).toEqual([
    ['a', 1, 0, 11],
    ['a', 1, 71, 72],
  ])
})

test('nothing passes, also when a clock was set back', () => {
  const [first, second] = jobs('a b')
  expect(told(serve([second!, first!], { loadMsOf: () => 0 }))).toEqual([
    ['b', 1, 1, 2],
    ['a', 1, 2, 3],
  ])
})

test('no jobs need nothing', () => {
  expect(serve([])).toEqual({ turns: [], loads: 0, loadMs: 0, endedAt: undefined })
})
