import { expect, test } from 'vitest'
import { goneAmong, lookAgain, type Silences } from './silences.ts'

const GONE_AFTER_MS = 30_000
const LOOK_MS = 5_000

type Look = [passedMs: number, heartbeats: Record<string, number>]

/** The gateways that count as dead after each of these looks. */
const goneAfterEach = (looks: readonly Look[]): string[][] => {
  let silences: Silences = new Map()
  return looks.map(([passedMs, heartbeats]) => {
    silences = lookAgain(silences, new Map(Object.entries(heartbeats)), { passedMs, mostMs: LOOK_MS })
    return goneAmong(silences, GONE_AFTER_MS)
  })
}

const looks = (times: number, heartbeats: (look: number) => Record<string, number>): Look[] =>
  Array.from({ length: times }, (_, look) => [LOOK_MS, heartbeats(look)])

test('a gateway whose heartbeats go on is never gone', () => {
  expect(goneAfterEach(looks(20, look => ({ g1: look }))).flat()).toEqual([])
})

test('a gateway is gone when the number of its heartbeats has not changed for 30 s, and remains so', () => {
  const gone = goneAfterEach(looks(8, () => ({ g1: 4 })))
  expect(gone).toEqual([[], [], [], [], [], [], ['g1'], ['g1']])
})

test('a gateway that has jobs and no row is gone after the same time', () => {
  expect(goneAfterEach(looks(7, () => ({ g1: 0 }))).at(-1)).toEqual(['g1'])
})

test('a gateway that is gone says nothing about another', () => {
  const gone = goneAfterEach(looks(20, look => ({ dead: 4, living: look })))
  expect(gone.at(-1)).toEqual(['dead'])
})

test('a heartbeat after a long silence begins a new one, also when the number has fallen', () => {
  const silent = looks(7, () => ({ g1: 4 }))
  const back = looks(6, () => ({ g1: 1 }))
  expect(goneAfterEach([...silent, ...back]).at(-1)).toEqual([])
})

test('a gateway that was away from the file begins a new silence', () => {
  const silent = looks(6, () => ({ g1: 4 }))
  expect(goneAfterEach([...silent, [LOOK_MS, {}], ...silent]).flat()).toEqual([])
})

test('of an hour in which the machine slept only the time of one look counts', () => {
  const gone = goneAfterEach([
    [0, { g1: 4 }],
    [LOOK_MS, { g1: 4 }],
    [3_600_000, { g1: 4 }],
    [LOOK_MS, { g1: 5 }],
  ])
  expect(gone.flat()).toEqual([])
})
