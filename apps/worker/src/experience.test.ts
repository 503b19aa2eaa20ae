import { UNKNOWN_HABIT } from '@foreman/scheduling'
import { describe, expect, test } from 'vitest'
import { Experience } from './experience.ts'

const job = (caller: string, groupKey: string, createdAt: number) => ({ caller, groupKey, createdAt })
/** At which step a habit has a count of its own. */
const stepsOf = (habit: readonly number[] | undefined) =>
  habit?.flatMap((count, step) => (count === 1 ? [step] : []))

describe('the time of a load', () => {
  test('is not known before there was one', () => {
    expect(new Experience().loadMs('a')).toBe(0)
  })

  test('is a moving mean, for each group', () => {
    const experience = new Experience()
    for (const ms of [10_000, 20_000]) experience.noteLoad('a', ms)
    experience.noteLoad('b', 500)
    expect([experience.loadMs('a'), experience.loadMs('b')]).toEqual([13_000, 500])
  })

  test('is not learned from a job whose model was in memory', () => {
    const experience = new Experience()
    for (const ms of [10_000, 99]) experience.noteLoad('a', ms)
    expect(experience.loadMs('a')).toBe(10_000)
  })
})

describe('a caller', () => {
  test('is awaited from its answer until its next request for the same group', () => {
    const experience = new Experience()
    expect(experience.awaited('a', 0)).toEqual([])
    experience.noteAnswer(job('c', 'a', 0), 1_000)
    expect(experience.awaited('a', 1_300)).toEqual([{ habit: UNKNOWN_HABIT, goneMs: 300 }])
    expect(experience.awaited('b', 1_300)).toEqual([])
    experience.noteClaim(job('c', 'b', 1_100))
    experience.noteClaim(job('another', 'a', 1_100))
    expect(experience.awaited('a', 1_300)).toHaveLength(1)
    experience.noteClaim(job('c', 'a', 1_090))
    expect(experience.awaited('a', 1_300)).toEqual([])
  })

  test('has a habit for each group', () => {
    const experience = new Experience()
    experience.noteAnswer(job('c', 'a', 0), 1_000)
    experience.noteClaim(job('c', 'a', 1_190))
    for (const group of ['a', 'b']) experience.noteAnswer(job('c', group, 0), 2_000)
    const [ofA, ofB] = ['a', 'b'].map(group => experience.awaited(group, 2_000)[0]?.habit)
    expect(stepsOf(ofA)).toContain(2)
    expect(ofB).toEqual(UNKNOWN_HABIT)
  })

  test('has not come back with a job that was there before its answer', () => {
    const experience = new Experience()
    experience.noteAnswer(job('c', 'a', 0), 1_000)
    experience.noteClaim(job('c', 'a', 999))
    expect(experience.awaited('a', 1_500)).toEqual([{ habit: UNKNOWN_HABIT, goneMs: 500 }])
  })

  test('that has been away longest is forgotten beyond a thousand', () => {
    const experience = new Experience()
    for (let at = 0; at < 1_001; at++) experience.noteAnswer(job(`c${at}`, 'a', 0), at)
    const gone = experience.awaited('a', 1_001).map(({ goneMs }) => goneMs)
    expect([gone.length, Math.max(...gone)]).toEqual([1_000, 1_000])
  })
})
