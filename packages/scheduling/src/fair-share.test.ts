import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { addUse, type Candidate, chooseJob, type Use, usedNowMs } from './fair-share.ts'

const HALF_LIFE_MS = 300_000

describe('a use', () => {
  const use: Use = { usedMs: 8_000, at: 1_000 }

  test('halves with each half-life', () => {
    const usedAfter = (ms: number) => usedNowMs(use, 1_000 + ms, HALF_LIFE_MS)
    expect([0, HALF_LIFE_MS, 3 * HALF_LIFE_MS].map(usedAfter)).toEqual([8_000, 4_000, 1_000])
    expect(usedNowMs(undefined, 5_000, HALF_LIFE_MS)).toBe(0)
  })

  test('does not grow when the clock is set back', () => {
    expect(usedNowMs(use, -3_600_000, HALF_LIFE_MS)).toBe(8_000)
  })

  test('is what is left of it, and what is added', () => {
    const added = addUse(use, 500, { now: 1_000 + HALF_LIFE_MS, halfLifeMs: HALF_LIFE_MS })
    expect(added).toEqual({ usedMs: 4_500, at: 1_000 + HALF_LIFE_MS })
  })
})

describe('the next job', () => {
  const candidate = (seq: number, account: string, differing: Partial<Candidate> = {}): Candidate => ({
    seq,
    account,
    sender: '',
    groupKey: 'g',
    level: 1,
    ...differing,
  })
  const choose = (uses: Record<string, number>, ...candidates: Candidate[]) =>
    chooseJob(candidates, {
      ofAccount: account => uses[account] ?? 0,
      ofName: ({ account, sender }) => uses[`${account}/${sender}`] ?? 0,
    })?.seq

  test.each<[what: string, uses: Record<string, number>, candidates: Candidate[], seq: number | undefined]>([
    ['there is none without a candidate', {}, [], undefined],
    ['is the oldest where nobody has used anything', {}, [candidate(2, 'a'), candidate(1, 'b')], 1],
    ['is one of the account with the least use', { a: 9, b: 5 }, [candidate(1, 'a'), candidate(2, 'b')], 2],
    [
      'is the oldest of accounts with the same use',
      { a: 5, b: 5 },
      [candidate(2, 'a'), candidate(1, 'b')],
      1,
    ],
    [
      'is a more urgent one, however much its account has used',
      { a: 9 },
      [candidate(1, 'a', { level: 0 }), candidate(2, 'b')],
      1,
    ],
    [
      'is, within an account, one of the sender with the least use',
      { 'a/x': 9, 'a/y': 2 },
      [candidate(1, 'a', { sender: 'x' }), candidate(2, 'a', { sender: 'y' })],
      2,
    ],
    [
      'is not one of an account that has made up a new name',
      { a: 9, b: 5, 'b/x': 5 },
      [candidate(1, 'a', { sender: 'new' }), candidate(2, 'b', { sender: 'x' })],
      2,
    ],
    [
      'may come from any of the groups',
      { a: 1 },
      [candidate(1, 'a', { groupKey: 'g' }), candidate(2, 'b', { groupKey: 'h' })],
      2,
    ],
  ])('%s', (_what, uses, candidates, seq) => {
    expect(choose(uses, ...candidates)).toBe(seq)
  })

  test('does not depend on the order in which the candidates are listed', () => {
    const someCandidate = fc.record({
      seq: fc.integer({ min: 1, max: 1_000 }),
      account: fc.constantFrom('a', 'b', 'c'),
      sender: fc.constantFrom('x', 'y'),
      groupKey: fc.constantFrom('g', 'h'),
      level: fc.integer({ min: 0, max: 2 }),
    })
    const listed = fc.uniqueArray(someCandidate, { selector: ({ seq }) => seq, minLength: 1 })
    const anyUses = fc.record({ a: fc.nat(3), b: fc.nat(3), c: fc.nat(3) })
    const shuffled = listed.chain(list =>
      fc.tuple(fc.constant(list), fc.shuffledSubarray(list, { minLength: list.length })),
    )
    fc.assert(
      fc.property(shuffled, anyUses, ([list, other], uses) => {
        expect(choose(uses, ...list)).toBe(choose(uses, ...other))
      }),
      { numRuns: 1_000 },
    )
  })
})

test('nobody who always has jobs gets ahead of another by more than one job and what is forgotten meanwhile', () => {
  const anyWork = fc.array(fc.integer({ min: 1, max: 30_000 }), { minLength: 20, maxLength: 200 })
  fc.assert(
    fc.property(anyWork, fc.integer({ min: 2, max: 5 }), (works, count) => {
      const uses = new Map<string, Use>()
      let now = 0
      const callers = Array.from({ length: count }, (_, at) => `c${at}`)
      for (const [turn, workMs] of works.entries()) {
        const candidates = callers.map((account, at) => ({
          seq: turn * count + at,
          account,
          sender: '',
          groupKey: 'g',
          level: 1,
        }))
        const { account } = chooseJob(candidates, {
          ofAccount: name => usedNowMs(uses.get(name), now, HALF_LIFE_MS),
          ofName: () => 0,
        })!
        now += workMs
        uses.set(account, addUse(uses.get(account), workMs, { now, halfLifeMs: HALF_LIFE_MS }))
        const used = callers.map(name => usedNowMs(uses.get(name), now, HALF_LIFE_MS))
        expect(Math.max(...used) - Math.min(...used)).toBeLessThanOrEqual(Math.max(...works) + 1e-6)
      }
    }),
    { numRuns: 1_000 },
  )
})
