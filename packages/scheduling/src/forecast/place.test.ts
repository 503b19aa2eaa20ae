import { describe, expect, test } from 'vitest'
import { chooseJob, type Shares } from '../fair-share.ts'
import { type CountedSender, startBefore } from './place.ts'

const of = (account: string, jobs: number, oldestSeq: number, sender = ''): CountedSender => ({
  account,
  sender,
  jobs,
  oldestSeq,
})
const job = (account: string, ahead: number, seq: number, sender = '') => ({ account, sender, ahead, seq })

/** What accounts, and senders as `account/sender`, have used. */
const sharesOf = (used: Readonly<Record<string, number>>): Shares => ({
  ofAccount: account => used[account] ?? 0,
  ofName: ({ account, sender }) => used[`${account}/${sender}`] ?? 0,
})
const order = (used: Readonly<Record<string, number>> = {}) => ({ shares: sharesOf(used), jobMs: 1_000 })

describe('before a job of a sender', () => {
  test.each<[what: string, before: number, expected: number]>([
    ['who is alone, those ahead of it start', startBefore(job('a', 3, 9), [of('a', 5, 1)], order()), 3],
    [
      'who has used nothing, one of each other who came earlier starts',
      startBefore(job('a', 0, 9), [of('a', 1, 9), of('bulk', 500, 1)], order()),
      1,
    ],
    [
      'none starts of those who have used more',
      startBefore(job('a', 0, 9), [of('a', 1, 9), of('bulk', 500, 1)], order({ bulk: 10 })),
      0,
    ],
    [
      'others start until they have used as much',
      startBefore(job('a', 0, 9), [of('a', 1, 9), of('b', 500, 1)], order({ a: 5_500 })),
      6,
    ],
    [
      'no more start than there are',
      startBefore(job('a', 0, 9), [of('a', 1, 9), of('b', 2, 1)], order({ a: 5_500 })),
      2,
    ],
    [
      'the senders of its account count first, and then the accounts',
      startBefore(
        job('a', 0, 9, 'x'),
        [of('a', 1, 9, 'x'), of('a', 3, 2, 'y'), of('b', 9, 1)],
        order({ 'a/x': 1_500 }),
      ),
      5,
    ],
  ])('%s', (_what, before, expected) => {
    expect(before).toBe(expected)
  })
})

test('it is what comes of choosing one job after the other', () => {
  const used: Record<string, number> = {
    a: 2_300,
    b: 0,
    c: 900,
    'a/x': 2_000,
    'a/y': 300,
    'b/': 0,
    'c/': 900,
  }
  const queues = [
    { account: 'a', sender: 'x', seqs: [3, 4, 5] },
    { account: 'a', sender: 'y', seqs: [8, 12] },
    { account: 'b', sender: '', seqs: [1, 2, 6, 7] },
    { account: 'c', sender: '', seqs: [9, 10, 11] },
  ]
  const senders = queues.map(({ account, sender, seqs }) => of(account, seqs.length, seqs[0]!, sender))
  const foretold = queues
    .flatMap(({ account, sender, seqs }) =>
      seqs.map((seq, ahead) => ({
        seq,
        before: startBefore(job(account, ahead, seq, sender), senders, order(used)),
      })),
    )
    .toSorted((a, b) => a.before - b.before)
  const chosen: number[] = []
  for (;;) {
    const candidates = queues.flatMap(({ seqs, ...sender }) =>
      seqs.length > 0 ? [{ ...sender, seq: seqs[0]!, groupKey: 'g', level: 1 }] : [],
    )
    const next = chooseJob(candidates, sharesOf(used))
    if (!next) break
    chosen.push(next.seq)
    queues.find(({ seqs }) => seqs[0] === next.seq)!.seqs.shift()
    for (const name of [next.account, `${next.account}/${next.sender}`])
      used[name] = (used[name] ?? 0) + 1_000
  }
  expect(foretold).toEqual(chosen.map((seq, before) => ({ seq, before })))
})
