import { describe, expect, test } from 'vitest'
import { chooseNext, type InFlight, slotFreeInMs, type Standing, type Waiting } from './slots.ts'

const NOW = 100_000

const waits = (host: string, standing: Standing = 'unknown', differing: Partial<Waiting> = {}): Waiting => ({
  host,
  caller: 'ann',
  standing,
  dueAt: 1_000,
  ...differing,
})

/** Attempts that started this long ago, each to a host of its own. */
const flying = (
  count: number,
  standing: Standing,
  differing: Partial<InFlight> & { ageMs?: number } = {},
) => {
  const { ageMs = 0, ...rest } = differing
  const startedAt = NOW - ageMs
  return Array.from({ length: count }, (_, n) => {
    const host = `${standing}-${n}-${rest.caller ?? 'ann'}-${ageMs}`
    return { host, caller: 'ann', standing, startedAt, ...rest }
  })
}

const choose = (waiting: readonly Waiting[], inFlight: readonly InFlight[]): string | undefined =>
  chooseNext(waiting, inFlight, NOW)?.host

test('nothing waits: nothing is chosen', () => {
  expect(choose([], [])).toBeUndefined()
})

test.each<[what: string, waiting: Waiting, inFlight: InFlight[], isSent: boolean]>([
  ['a host that answers gets two attempts', waits('h', 'answers'), flying(1, 'answers', { host: 'h' }), true],
  ['… and not three', waits('h', 'answers'), flying(2, 'answers', { host: 'h' }), false],
  ['an unknown host gets one', waits('h'), flying(1, 'unknown', { host: 'h' }), false],
  ['a silent host gets one', waits('h', 'silent'), flying(1, 'silent', { host: 'h' }), false],
  [
    '… also after its attempt has become slow',
    waits('h'),
    flying(1, 'unknown', { host: 'h', ageMs: 9_000 }),
    false,
  ],
  ['… and for all callers together', waits('h'), flying(1, 'unknown', { host: 'h', caller: 'bob' }), false],
  ['another host does not count', waits('h', 'silent'), flying(1, 'silent'), true],

  [
    'unknown hosts get half of the slots',
    waits('h', 'unknown', { caller: 'bob' }),
    flying(12, 'unknown'),
    true,
  ],
  [
    '… and no more',
    waits('h', 'unknown', { caller: 'cid' }),
    [...flying(12, 'unknown'), ...flying(4, 'unknown', { caller: 'bob' })],
    false,
  ],
  [
    'silent hosts share that half with them',
    waits('h', 'silent', { caller: 'cid' }),
    [...flying(12, 'unknown'), ...flying(4, 'unknown', { caller: 'bob' })],
    false,
  ],
  [
    'the other half is for hosts that answered last',
    waits('h', 'answers', { caller: 'cid' }),
    [...flying(12, 'unknown'), ...flying(4, 'unknown', { caller: 'bob' })],
    true,
  ],
  [
    'hosts that answer can have all of the slots',
    waits('h', 'answers', { caller: 'bob' }),
    flying(31, 'answers'),
    true,
  ],
  ['… and no more', waits('h', 'answers', { caller: 'bob' }), flying(32, 'answers'), false],

  ['a caller gets 12 slots for unknown hosts', waits('h'), flying(11, 'unknown'), true],
  ['… and no more', waits('h'), flying(12, 'unknown'), false],
  ['a caller gets 24 slots in all', waits('h', 'answers'), flying(23, 'answers'), true],
  ['… and no more', waits('h', 'answers'), flying(24, 'answers'), false],

  [
    'an attempt gives its slot back after a second',
    waits('h'),
    flying(12, 'unknown', { ageMs: 1_000 }),
    true,
  ],
  ['… and not before', waits('h'), flying(12, 'unknown', { ageMs: 999 }), false],
  [
    '48 attempts of a caller can be slow',
    waits('h'),
    [...flying(48, 'unknown', { ageMs: 9_000 }), ...flying(11, 'unknown')],
    true,
  ],
  [
    '… and the next ones hold their slots',
    waits('h'),
    [...flying(49, 'unknown', { ageMs: 9_000 }), ...flying(11, 'unknown')],
    false,
  ],
  [
    '64 attempts can be slow in all',
    waits('h', 'unknown', { caller: 'cid' }),
    [...flying(48, 'unknown', { ageMs: 9_000 }), ...flying(31, 'unknown', { ageMs: 9_000, caller: 'bob' })],
    true,
  ],
  [
    '… and the next ones hold their slots',
    waits('h', 'unknown', { caller: 'cid' }),
    [...flying(48, 'unknown', { ageMs: 9_000 }), ...flying(32, 'unknown', { ageMs: 9_000, caller: 'bob' })],
    false,
  ],
  ['24 attempts go to silent hosts', waits('h', 'silent'), flying(23, 'silent', { ageMs: 9_000 }), true],
  ['… and no more', waits('h', 'silent'), flying(24, 'silent', { ageMs: 9_000 }), false],
  ['… which leaves the rest to unknown hosts', waits('h'), flying(24, 'silent', { ageMs: 9_000 }), true],
])('%s', (_what, waiting, inFlight, isSent) => {
  expect(choose([waiting], inFlight)).toBe(isSent ? waiting.host : undefined)
})

describe('of those that can be sent', () => {
  test.each<[what: string, waiting: Waiting[], inFlight: InFlight[], host: string]>([
    [
      'the one that is due first comes first',
      [
        waits('b', 'unknown', { dueAt: 2 }),
        waits('a', 'unknown', { dueAt: 1 }),
        waits('c', 'answers', { dueAt: 3 }),
      ],
      [],
      'a',
    ],
    [
      'one behind a host with an attempt in flight comes next',
      [waits('a', 'silent', { dueAt: 1 }), waits('b', 'unknown', { dueAt: 2 })],
      flying(1, 'silent', { host: 'a' }),
      'b',
    ],
    [
      'the caller with the fewest slots comes first',
      [waits('a', 'answers', { dueAt: 1 }), waits('b', 'answers', { dueAt: 2, caller: 'bob' })],
      flying(1, 'answers'),
      'b',
    ],
    [
      '… where slow attempts do not count',
      [waits('a', 'answers', { dueAt: 1 }), waits('b', 'answers', { dueAt: 2, caller: 'bob' })],
      flying(1, 'answers', { ageMs: 5_000 }),
      'a',
    ],
  ])('%s', (_what, waiting, inFlight, host) => {
    expect(choose(waiting, inFlight)).toBe(host)
  })
})

test('the next slot is free when an attempt has lasted a second', () => {
  expect(slotFreeInMs([], NOW)).toBe(Infinity)
  expect(
    slotFreeInMs([...flying(1, 'unknown', { ageMs: 300 }), ...flying(1, 'silent', { ageMs: 900 })], NOW),
  ).toBe(100)
  expect(slotFreeInMs(flying(1, 'unknown', { ageMs: 1_000 }), NOW)).toBe(Infinity)
})
