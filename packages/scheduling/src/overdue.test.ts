import { expect, test } from 'vitest'
import type { Line, Turn } from './decide.ts'
import { overdueMs } from './overdue.ts'

const NOW = 1_000_000
const MAX_WAIT_MS = 60_000
const NORMAL = 1
const LOW = 2

const waiting = (groupKey: string, waitedMs: number, priority = NORMAL): Line => ({
  groupKey,
  priority,
  oldestSeq: NOW - waitedMs,
  oldestCreatedAt: NOW - waitedMs,
})

const turnOf = (groupKey: string, lastedMs: number): Turn => ({
  groupKey,
  startedAt: NOW - lastedMs,
  isOver: false,
})

interface Case {
  readonly turn: Turn | undefined
  readonly lines: readonly Line[]
  /** How long ago groups were served. */
  readonly served?: Readonly<Record<string, number>>
  readonly loads?: Readonly<Record<string, number>>
  readonly resident?: readonly string[]
  readonly ableForMs?: number
}

const overdue = ({ turn, lines, served: ago = {}, loads = {}, resident = [], ableForMs = NOW }: Case) => {
  const served = new Map(Object.entries(ago).map(([groupKey, ms]) => [groupKey, NOW - ms]))
  return Object.fromEntries(
    overdueMs({
      turn,
      lines,
      now: NOW,
      maxWaitMs: MAX_WAIT_MS,
      isResident: groupKey => resident.includes(groupKey),
      loadMs: groupKey => loads[groupKey] ?? 0,
      servedAt: groupKey => served.get(groupKey) ?? 0,
      served,
      ableSince: NOW - ableForMs,
    }),
  )
}

test.each<[what: string, situation: Case, overdue: Record<string, number>]>([
  ['nothing waits', { turn: turnOf('a', 10), lines: [] }, {}],
  ['a group in time', { turn: turnOf('a', 70_000), lines: [waiting('b', 60_000)] }, { b: 0 }],
  ['a group behind the present turn', { turn: turnOf('a', 70_000), lines: [waiting('b', 60_001)] }, { b: 1 }],
  [
    'a model whose load takes long may wait for four of its loads',
    { turn: turnOf('a', 1), lines: [waiting('b', 130_000)], loads: { b: 30_000 } },
    { b: 10_000 },
  ],
  [
    'each group before it is a bound more',
    { turn: turnOf('a', 70_000), lines: [waiting('b', 70_000), waiting('c', 65_000), waiting('d', 64_000)] },
    { b: 10_000, c: 0, d: 0 },
  ],
  [
    'a group whose turn came while it waited was before it',
    { turn: turnOf('b', 5_000), lines: [waiting('c', 70_000)], served: { a: 5_000, b: 0 } },
    { c: 0 },
  ],
  [
    'but a group that comes before it twice counts once',
    { turn: turnOf('b', 5_000), lines: [waiting('b', 1), waiting('c', 130_000)], served: { a: 5_000, b: 0 } },
    { b: 0, c: 10_000 },
  ],
  [
    'a group that was served before it began to wait was not before it',
    { turn: turnOf('b', 5_000), lines: [waiting('c', 70_000)], served: { a: 80_000, b: 0 } },
    { c: 10_000 },
  ],
  [
    'it waits since it was served last, if that came later than its oldest job',
    { turn: turnOf('a', 70_000), lines: [waiting('b', 500_000)], served: { a: 0, b: 50_000 } },
    { b: 0 },
  ],
  ['what has the turn waits for none', { turn: turnOf('a', 1), lines: [waiting('a', 500_000)] }, { a: 0 }],
  [
    'nor does what is in memory',
    { turn: turnOf('a', 1), lines: [waiting('b', 500_000)], resident: ['b'] },
    { b: 0 },
  ],
  [
    'low priority is promised the same',
    { turn: turnOf('a', 70_000), lines: [waiting('b', 70_000, LOW)] },
    { b: 10_000 },
  ],
  [
    'of several lines of a group the one that waits longest counts',
    { turn: turnOf('a', 70_000), lines: [waiting('b', 10), waiting('b', 61_000, LOW)] },
    { b: 1_000 },
  ],
  [
    'while nothing could start, nobody waited for a turn',
    { turn: turnOf('a', 70_000), lines: [waiting('b', 500_000)], ableForMs: 61_000 },
    { b: 1_000 },
  ],
  ['before the first turn', { turn: undefined, lines: [waiting('b', 70_000)] }, { b: 10_000 }],
  [
    'what lies in the future was recorded before the clock was set back',
    { turn: turnOf('a', 70_000), lines: [waiting('b', -5_000)] },
    { b: 10_000 },
  ],
])('%s', (_what, situation, expected) => {
  expect(overdue(situation)).toEqual(expected)
})
