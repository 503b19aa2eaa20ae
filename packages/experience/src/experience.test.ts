import { UNKNOWN_HABIT } from '@foreman/scheduling'
import { describe, expect, test } from 'vitest'
import { Experience } from './experience.ts'

const HALF_LIFE_MS = 300_000

const job = (account: string, groupKey = 'a', createdAt = 0, sender = '') => ({
  account,
  sender,
  groupKey,
  createdAt,
})
/** An attempt of so long, of which the target says that it began with a load. */
const attempt = (totalMs: number, loadMs?: number) => ({
  totalMs,
  usage: loadMs === undefined ? undefined : { loadMs },
  headAfterMs: loadMs,
  isLoad: loadMs !== undefined,
  wasAlone: true,
  streaming: true,
})
const second = attempt(1_000)
const create = (halfLifeMs = HALF_LIFE_MS) => new Experience(halfLifeMs)
const only = (groupKey: string) => (other: string) => other === groupKey

describe('what somebody has used', () => {
  test('is the time of the answers, without loads, and half of it after a half-life', () => {
    const experience = create()
    experience.noteAnswer(job('ann'), attempt(43_000, 40_000), 0)
    experience.noteAnswer(job('ann'), second, 0)
    const usedAt = (now: number) => experience.shares([], now)!.ofAccount('ann')
    expect([usedAt(0), usedAt(HALF_LIFE_MS)]).toEqual([4_000, 2_000])
    expect(experience.shares([], 0)!.ofAccount('bob')).toBe(0)
  })

  test('counts for the account, and for the sender within it', () => {
    const experience = create()
    for (const sender of ['x', 'y', 'x']) experience.noteAnswer(job('ann', 'a', 0, sender), second, 0)
    experience.noteAnswer(job('bob', 'a', 0, 'x'), second, 0)
    const shares = experience.shares([], 0)!
    expect([shares.ofAccount('ann'), shares.ofName(job('ann', 'a', 0, 'x'))]).toEqual([3_000, 2_000])
    expect(shares.ofName(job('ann', 'a', 0, 'z'))).toBe(0)
  })

  test('includes jobs that run, as long as those of their group usually take', () => {
    const experience = create()
    experience.noteAnswer(job('ann'), attempt(5_000), 0)
    const shares = experience.shares([job('bob'), job('bob', 'unknown')], 0)!
    expect(shares.ofAccount('bob')).toBe(6_000)
    expect(shares.ofName(job('bob'))).toBe(6_000)
  })

  test('is forgotten of the names of an account that were used longest ago, beyond a thousand', () => {
    const experience = create()
    const names = Array.from({ length: 1_005 }, (_, at) => `n${at}`)
    for (const name of names) experience.noteAnswer(job('ann', 'a', 0, name), second, 0)
    const usedBy = (name: string) => experience.shares([], 0)!.ofName(job('ann', 'a', 0, name))
    expect([usedBy('n4'), usedBy('n5'), usedBy('n1004')]).toEqual([0, 1_000, 1_000])
  })

  test('includes attempts without a whole answer, unless the model was still being loaded', () => {
    const experience = create()
    const used = () => experience.shares([], 0)!.ofAccount('ann')
    experience.noteFailure(job('ann'), attempt(7_000), 0)
    expect(used()).toBe(7_000)
    experience.noteFailure(job('ann'), { ...attempt(60_000), isLoad: true }, 0)
    expect(used()).toBe(7_000)
  })

  test('counts for nobody without a half-life', () => {
    const experience = create(0)
    experience.noteAnswer(job('ann'), second, 0)
    expect(experience.shares([], 0)).toBeUndefined()
  })
})

test('a group is served when a job of it is sent, and until that has ended', () => {
  const experience = create()
  expect(experience.servedAt('a')).toBe(0)
  const steps = [
    () => experience.noteClaim(job('ann'), 1_000),
    () => experience.noteAnswer(job('ann'), second, 2_000),
    () => experience.noteFailure(job('ann'), second, 3_000),
  ]
  expect(steps.map(step => (step(), experience.servedAt('a')))).toEqual([1_000, 2_000, 3_000])
  expect(experience.servedAt('b')).toBe(0)
})

describe('what a worker has learned', () => {
  test('is known to the one that follows it', () => {
    const before = create()
    before.noteAnswer(job('ann', 'a', 0, 'x'), attempt(9_000, 8_000), 0)
    before.noteClaim(job('ann', 'a', 60, 'x'), 2_000)
    before.noteAnswer(job('ann', 'a', 0, 'x'), second, 2_000)
    before.noteSizes(new Map([['b', 3_000_000_000]]))
    const after = create()
    after.takeOver(before.toText())
    const shares = after.shares([], 2_000)!
    const sender = { account: 'ann', sender: 'x' }
    expect(after.figures.loadMs('a')).toBe(8_000)
    expect(after.figures.loadMs('b')).toBe(before.figures.loadMs('b'))
    expect([after.servedAt('a'), after.servedAt('b')]).toEqual([2_000, 0])
    expect(shares.ofAccount('ann')).toBeCloseTo(before.shares([], 2_000)!.ofAccount('ann'))
    expect(shares.ofName(sender)).toBeCloseTo(before.shares([], 2_000)!.ofName(sender))
    // It has seen no answer yet, so nobody is awaited. But when somebody is, its habit is known.
    expect(after.awaited(only('a'), 2_000)).toEqual([])
    after.noteAnswer(job('ann', 'a', 0, 'x'), second, 3_000)
    expect(after.awaited(only('a'), 3_000)[0]?.habit).toEqual(before.awaited(only('a'), 2_000)[0]?.habit)
  })

  test('is a text of bounded length', () => {
    const experience = create()
    for (let at = 0; at < 3_000; at++) {
      const named = job(`account ${at % 10}`, `g${at}`, 0, `name ${at}`)
      experience.noteClaim(named, at)
      experience.noteAnswer(named, second, at)
    }
    expect(experience.toText().length).toBeLessThan(500_000)
  })

  test.each([
    '',
    'null',
    '[]',
    '{"figures":[["a",{"loadMs":"5"}]],"fits":{"pairs":[["a"]]},"accounts":[["a"]],"names":[1],"habits":[["k",[1]]],"served":[["a","1"]],"sizes":[["a"]]}',
    '{',
  ])('is not taken over where it cannot be read: %s', text => {
    const experience = create()
    experience.takeOver(text)
    expect(experience.toText()).toBe(create().toText())
  })
})

/** At which step a habit has a count of its own. */
const stepsOf = (habit: readonly number[] | undefined) =>
  habit?.flatMap((count, step) => (count === 1 ? [step] : []))

describe('a caller', () => {
  test('is awaited from its answer until its next request for the same group', () => {
    const experience = create()
    expect(experience.awaited(only('a'), 0)).toEqual([])
    experience.noteAnswer(job('c'), second, 1_000)
    expect(experience.awaited(only('a'), 1_300)).toEqual([{ habit: UNKNOWN_HABIT, goneMs: 300 }])
    expect(experience.awaited(only('b'), 1_300)).toEqual([])
    experience.noteClaim(job('c', 'b', 1_100), 2_000)
    experience.noteClaim(job('another', 'a', 1_100), 2_000)
    experience.noteClaim(job('c', 'a', 1_100, 'somebody'), 2_000)
    expect(experience.awaited(only('a'), 1_300)).toHaveLength(1)
    experience.noteClaim(job('c', 'a', 1_090), 2_000)
    expect(experience.awaited(only('a'), 1_300)).toEqual([])
  })

  test('has a habit for each group', () => {
    const experience = create()
    experience.noteAnswer(job('c'), second, 1_000)
    experience.noteClaim(job('c', 'a', 1_190), 2_000)
    for (const group of ['a', 'b']) experience.noteAnswer(job('c', group), second, 2_000)
    const [ofA, ofB] = ['a', 'b'].map(group => experience.awaited(only(group), 2_000)[0]?.habit)
    expect(stepsOf(ofA)).toContain(2)
    expect(ofB).toEqual(UNKNOWN_HABIT)
  })

  test('has not come back with a job that was there before its answer', () => {
    const experience = create()
    experience.noteAnswer(job('c'), second, 1_000)
    experience.noteClaim(job('c', 'a', 999), 2_000)
    expect(experience.awaited(only('a'), 1_500)).toEqual([{ habit: UNKNOWN_HABIT, goneMs: 500 }])
  })

  test('that has been away longest is forgotten beyond a thousand', () => {
    const experience = create()
    for (let at = 0; at < 1_001; at++) experience.noteAnswer(job(`c${at}`), second, at)
    const gone = experience.awaited(only('a'), 1_001).map(({ goneMs }) => goneMs)
    expect([gone.length, Math.max(...gone)]).toEqual([1_000, 1_000])
  })
})
