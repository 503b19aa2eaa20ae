import { describe, expect, test } from 'vitest'
import { countGap, type Habit, STEP_MS, UNKNOWN_HABIT, worthWaitingMs } from './habits.ts'

/** Counts at these steps; the last one is how often the caller did not come. */
const habitOf = (counts: Record<number, number>): Habit => UNKNOWN_HABIT.map((_, step) => counts[step] ?? 0)

describe('a habit', () => {
  test('has steps that double, from 50 ms to 7 minutes', () => {
    expect([STEP_MS[0], STEP_MS[1], STEP_MS.at(-1)]).toEqual([50, 100, 409_600])
    expect(UNKNOWN_HABIT).toHaveLength(STEP_MS.length + 1)
  })

  test.each([
    [0, 0],
    [50, 0],
    [51, 1],
    [100, 1],
    [400_000, 13],
    [409_601, 14],
  ])('counts a gap of %i ms at step %i', (gapMs, step) => {
    expect(countGap(habitOf({}), gapMs)).toEqual(habitOf({ [step]: 1 }))
  })

  test('forgets a tenth of the older counts with each new one', () => {
    const [once, twice] = [countGap(habitOf({ 3: 10 }), 60), countGap(countGap(habitOf({ 3: 10 }), 60), 60)]
    expect([once[3], once[1]]).toEqual([9, 1])
    expect([twice[3], twice[1]]).toEqual([expect.closeTo(8.1), expect.closeTo(1.9)])
  })
})

describe('a wait', () => {
  const worth = (habit: Habit, { goneMs = 0, loadMs = 10_000, waiting = 1 } = {}) =>
    worthWaitingMs({ awaited: [{ habit, goneMs }], loadMs, waiting })

  test('is as long as its gain is greatest', () => {
    expect(worth(habitOf({ 2: 1 }))).toBe(200)
    // Half of the time at 50 ms, and otherwise at 25.6 s, which no load is worth.
    expect(worth(habitOf({ 0: 1, 9: 1 }))).toBe(50)
    expect(worth(habitOf({ 0: 1, 5: 1 }))).toBe(1_600)
  })

  test('counts from the answer', () => {
    expect(worth(habitOf({ 2: 1 }), { goneMs: 150 })).toBe(50)
  })

  test('is not worth it for somebody who does not come, or should have come', () => {
    expect(worth(habitOf({ 14: 5 }))).toBeUndefined()
    expect(worth(habitOf({}))).toBeUndefined()
    expect(worth(habitOf({ 2: 1 }), { goneMs: 200 })).toBeUndefined()
  })

  test('is not worth it when it costs those who wait more than the load', () => {
    expect(worth(habitOf({ 2: 1 }), { waiting: 49 })).toBe(200)
    expect(worth(habitOf({ 2: 1 }), { waiting: 50 })).toBeUndefined()
  })

  test('grows more likely the longer other steps have passed', () => {
    const habit = habitOf({ 0: 8, 6: 2 })
    expect(worth(habit, { loadMs: 2_000 })).toBe(50)
    expect(worth(habit, { loadMs: 4_000, goneMs: 60 })).toBe(3_140)
  })

  test('for somebody who is not known is a tenth of a second, if nobody else waits for long', () => {
    expect(worth(UNKNOWN_HABIT)).toBe(100)
    expect(worth(UNKNOWN_HABIT, { waiting: 40 })).toBeUndefined()
  })

  test('is for the caller whose return is worth most', () => {
    const awaited = [
      { habit: habitOf({ 4: 1 }), goneMs: 0 },
      { habit: habitOf({ 1: 1 }), goneMs: 0 },
    ]
    expect(worthWaitingMs({ awaited, loadMs: 10_000, waiting: 1 })).toBe(100)
    expect(worthWaitingMs({ awaited: [], loadMs: 10_000, waiting: 1 })).toBeUndefined()
  })
})
