import { describe, expect, test } from 'vitest'
import type { CountedLine, Outlook } from './course.ts'
import { Forecast } from './forecast.ts'

const NOW = 1_000_000
const NORMAL = 1

/** So many jobs of a group, of which the oldest has waited for `waitedMs`. */
const line = (groupKey: string, jobs: number, waitedMs = 100, priority = NORMAL): CountedLine => ({
  groupKey,
  priority,
  jobs,
  oldestSeq: NOW - waitedMs,
  oldestCreatedAt: NOW - waitedMs,
})

/** Each job takes a second, and a load ten. The turn of `a` has just begun, and its model is in memory. */
const outlook = (lines: readonly CountedLine[], differing: Partial<Outlook> = {}): Outlook => ({
  lines,
  turn: { groupKey: 'a', startedAt: NOW, isOver: false },
  isResident: groupKey => groupKey === 'a',
  now: NOW,
  freeAt: NOW,
  loadMs: () => 10_000,
  workOf: () => ({ meanMs: 1_000, deviationMs: 0 }),
  servedAt: () => 0,
  concurrency: 1,
  maxWaitMs: 60_000,
  maxWaitLowMs: 600_000,
  ...differing,
})

const estimate = (situation: Outlook, groupKey: string, before: number, priority = NORMAL) => {
  const { start, position } = new Forecast(situation).of({ groupKey, priority }, before)!
  return { inMs: start!.at - NOW, position }
}

const five = [line('a', 5), line('b', 3)]

test.each<[what: string, outlook: Outlook, groupKey: string, before: number, inMs: number, position: number]>(
  [
    ['the first of what is in memory', outlook(five), 'a', 0, 0, 0],
    ['one behind it', outlook(five), 'a', 4, 4_000, 4],
    ['one of the next group: after the turn and the load', outlook(five), 'b', 0, 15_000, 5],
    ['while jobs run', outlook(five, { freeAt: NOW + 700 }), 'a', 4, 4_700, 4],
    ['with two slots', outlook(five, { concurrency: 2 }), 'b', 2, 13_500, 7],
    ['one that has arrived since', outlook(five), 'b', 5, 20_000, 10],
    ['without a turn', outlook([line('b', 3)], { turn: undefined }), 'b', 1, 11_000, 1],
    ['of high priority', outlook([line('a', 5), line('b', 3), line('c', 1, 10, 0)]), 'c', 0, 10_000, 0],
  ],
)('is told when a job starts: %s', (_what, situation, groupKey, before, inMs, position) => {
  const priority = groupKey === 'c' ? 0 : NORMAL
  expect(estimate(situation, groupKey, before, priority)).toEqual({ inMs, position })
})

test('a turn ends when another group has waited for its bound, and goes on after that one', () => {
  const situation = outlook([line('a', 100), line('b', 2)])
  // At 61 s b has waited for more than a minute: 10 s of load, and 2 s of work. Then 10 s of load for a.
  expect(estimate(situation, 'a', 60)).toEqual({ inMs: 60_000, position: 60 })
  expect(estimate(situation, 'b', 0)).toEqual({ inMs: 71_000, position: 61 })
  expect(estimate(situation, 'a', 61)).toEqual({ inMs: 83_000, position: 63 })
})

test('groups that are in memory together are served side by side', () => {
  const together = outlook([line('a', 4), line('b', 4)], { isResident: () => true })
  expect(estimate(together, 'a', 2)).toEqual({ inMs: 4_000, position: 4 })
  expect(estimate(together, 'b', 2)).toEqual({ inMs: 4_000, position: 4 })
})

describe('what was never measured', () => {
  const workOf = (groupKey: string) => (groupKey === 'b' ? undefined : { meanMs: 1_000, deviationMs: 0 })

  test('has a position and no start, and so has what is next behind it', () => {
    const forecast = new Forecast(outlook([line('a', 5), line('b', 3), line('c', 1, 10)], { workOf }))
    const of = (groupKey: string) => forecast.of({ groupKey, priority: NORMAL }, 0)
    expect([of('a')?.start?.at, of('b')?.start, of('c')?.start]).toEqual([NOW, undefined, undefined])
    expect(['a', 'b', 'c'].map(group => of(group)?.position)).toEqual([0, 5, 8])
  })
})

test('a line that is not there has no estimate', () => {
  expect(new Forecast(outlook(five)).of({ groupKey: 'c', priority: NORMAL }, 0)).toBeUndefined()
})

describe('the range', () => {
  const workOf = () => ({ meanMs: 1_000, deviationMs: 500 })
  const rangeOf = (situation: Outlook, groupKey: string, before: number) => {
    const { earliestAt, at, latestAt } = new Forecast(situation).of(
      { groupKey, priority: NORMAL },
      before,
    )!.start!
    return { earliestMs: earliestAt - NOW, startMs: at - NOW, latestMs: latestAt - NOW }
  }

  test('grows with the number of jobs before it, and more slowly than the wait', () => {
    const widths = [0, 1, 4, 16].map(before => {
      const { earliestMs, latestMs } = rangeOf(outlook([line('a', 100)], { workOf }), 'a', before)
      return Math.round(latestMs - earliestMs)
    })
    expect(widths[0]).toBe(0)
    expect(widths[2]! / widths[1]!).toBeLessThan(2.5)
    expect(widths[3]! / widths[2]!).toBeCloseTo(2, 1)
  })

  test('ends when every turn before lasts for as long as it may', () => {
    expect(rangeOf(outlook(five), 'b', 0)).toEqual({ earliestMs: 15_000, startMs: 15_000, latestMs: 70_000 })
    // Nobody of the present turn waits, but somebody may come back.
    expect(rangeOf(outlook([line('b', 3)]), 'b', 0)).toEqual({
      earliestMs: 10_000,
      startMs: 10_000,
      latestMs: 70_000,
    })
  })

  test('does not begin in the past', () => {
    expect(
      rangeOf(outlook([line('a', 100)], { workOf, freeAt: NOW - 1 }), 'a', 1).earliestMs,
    ).toBeGreaterThanOrEqual(0)
  })
})

test('a million jobs in fifty groups are foretold to the last', () => {
  const lines = Array.from({ length: 50 }, (_, at) => line(`g${at}`, 20_000))
  const { inMs, position } = estimate(outlook(lines), 'g49', 19_999)
  // 60 s of work for each load of 10 s, or a little less where a turn ends earlier.
  expect(inMs / 1_000_000_000).toBeGreaterThan(1.1)
  expect(inMs / 1_000_000_000).toBeLessThan(1.25)
  expect(position).toBeGreaterThan(999_900)
})
