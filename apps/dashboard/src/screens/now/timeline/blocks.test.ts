import type { Timeline, TimelineTurn, TurnSnapshot } from '@foreman/jobs'
import { expect, test } from 'vitest'
import { type Block, blocksOf, mergeShort, partsOf, phasesOf } from './blocks.ts'

const NOW = Date.parse('2026-11-26T12:00:00Z')
const at = (seconds: number): string => new Date(NOW + seconds * 1_000).toISOString()

const turn = (more: Partial<TimelineTurn> = {}): TimelineTurn => ({
  target: 'default',
  group: 'g',
  models: ['a:1'],
  reason: 'drained',
  from: at(-60),
  jobs: 2,
  tokens: 10,
  busy_ms: 100,
  ...more,
})

const goesOn = (since: number): TurnSnapshot => ({
  group: 'h',
  models: ['b:1'],
  reason: 'drained',
  since: at(since),
  jobs_done: 0,
  jobs_left: 3,
})

test('a turn lasts until its last job ended, and the one that goes on until now', () => {
  const turns = [turn({ until: at(-30), end: 'dry' }), turn({ from: at(-20), until: at(-10), jobs: 7 })]
  const ends = (present?: TurnSnapshot) =>
    blocksOf(turns, { now: NOW, turn: present }).map(({ until }) => (until - NOW) / 1_000)
  expect(ends()).toEqual([-30, -10])
  expect(ends(goesOn(-20))).toEqual([-30, 0])
})

test('a turn that the history does not know yet is shown', () => {
  const blocks = blocksOf([turn({ until: at(-30), end: 'dry' })], {
    now: NOW,
    turn: goesOn(-5),
    isLoading: true,
  })
  expect(blocks.at(-1)).toEqual({
    from: NOW - 5_000,
    until: NOW,
    loadedAt: NOW,
    models: ['b:1'],
    turns: 1,
    reason: 'drained',
    loadMs: 0,
    jobs: 0,
  })
  expect(blocks).toHaveLength(2)
})

test('a turn that begins after the time that is shown is not', () => {
  expect(blocksOf([], { now: NOW, turn: goesOn(5) })).toEqual([])
})

test('a load is shown only where it was measured', () => {
  const [loaded, resident] = blocksOf(
    [turn({ loaded_at: at(-50), load_ms: 10_000 }), turn({ loaded_at: at(-59) })],
    { now: NOW },
  )
  expect([loaded!.loadedAt, loaded!.loadMs]).toEqual([NOW - 50_000, 10_000])
  expect(resident).not.toHaveProperty('loadedAt')
})

test('a phase that goes on lasts until now', () => {
  const timeline: Timeline = {
    from: at(-100),
    until: at(0),
    turns: [],
    phases: [{ target: 'default', kind: 'away', from: at(-10) }],
    is_cut: false,
  }
  expect(phasesOf(timeline, NOW)).toEqual([{ kind: 'away', from: NOW - 10_000, until: NOW }])
})

const block = (from: number, until: number, model = 'a:1'): Block => ({
  from,
  until,
  models: [model],
  turns: 1,
  loadMs: 1,
  jobs: 1,
})

test('turns that are too short to be seen become one, and say how many they were', () => {
  const [one, ...others] = mergeShort([block(0, 2), block(3, 5, 'b:1'), block(6, 9)], 10)
  expect(others).toEqual([])
  expect(one).toMatchObject({ from: 0, until: 9, models: ['a:1', 'b:1'], turns: 3, loadMs: 3, jobs: 3 })
  expect(partsOf(one!)).toEqual([
    { model: 'a:1', ms: 5 },
    { model: 'b:1', ms: 2 },
  ])
})

test('a turn that can be seen stays alone, and so does what lies far away', () => {
  const blocks = [block(0, 2), block(3, 50), block(51, 52), block(100, 101)]
  expect(mergeShort(blocks, 10)).toEqual(blocks)
})

test('what is put together stays short, so that the course of a day can be seen', () => {
  const blocks = Array.from({ length: 100 }, (_, index) => block(index * 5, index * 5 + 4))
  const merged = mergeShort(blocks, 10)
  expect(merged.length).toBeGreaterThan(10)
  expect(Math.max(...merged.map(({ from, until }) => until - from))).toBeLessThanOrEqual(40)
})

test('there are never more than can be drawn quickly, however they lie', () => {
  const blocks = Array.from({ length: 10_000 }, (_, index) => block(index * 100, index * 100 + 50))
  const merged = mergeShort(blocks, 1)
  expect(merged.length).toBeLessThanOrEqual(1_500)
  expect(merged.reduce((sum, { turns }) => sum + turns, 0)).toBe(10_000)
})
