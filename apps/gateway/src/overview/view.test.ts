import type { QueueSnapshot } from '@foreman/jobs'
import { expect, test } from 'vitest'
import { etagOf } from './etag.ts'
import { quantileOf } from './quantile.ts'
import { RateKeeper } from './rates.ts'
import { viewOf } from './view.ts'

const hour = { jobs: 1, tokens: 10, target_ms: 100, share: 0.25 }
const group = (name: string) => ({ group: name }) as QueueSnapshot['groups'][number]
const flight = (caller: string) =>
  ({ job: caller, caller }) as QueueSnapshot['targets'][number]['in_flight'][number]

const hold = { id: 'hold_1', kind: 'pause', since: '2026-01-01T00:00:00Z', by: 'eve', reason: 'a game' }

const snapshot = {
  queued: 3,
  holds: [hold, { ...hold, kind: 'caller', subject: 'ann' }, { ...hold, kind: 'caller', subject: 'bob' }],
  targets: [{ name: 'default', in_flight: [flight('ann'), flight('bob')], next: { group: 'g2' } }],
  groups: [group('g1'), group('g2')],
  callers: ['ann', 'bob', 'eve'].map(caller => ({ caller, queued: 1, running: 1, hour })),
  webhooks: { pending: 1, dead_day: 0 },
  storage: { file_bytes: 1 },
} as unknown as QueueSnapshot

test('whoever sees everything sees all of a snapshot', () => {
  expect(viewOf(snapshot, { caller: undefined, groups: new Set() })).toBe(snapshot)
})

test('a caller sees its own, and the others as one sum', () => {
  const { targets, groups, callers, holds, ...rest } = viewOf(snapshot, {
    caller: 'ann',
    groups: new Set(['g1']),
  })
  expect(targets).toEqual([{ name: 'default', in_flight: [flight('ann')] }])
  expect(groups).toEqual([group('g1')])
  const { by: _by, reason: _reason, ...seen } = hold
  expect(holds).toEqual([seen, { ...seen, kind: 'caller', subject: 'ann' }])
  const sum = { jobs: 2, tokens: 20, target_ms: 200, share: 0.5 }
  expect(callers).toEqual([snapshot.callers[0], { caller: 'others', queued: 2, running: 2, hour: sum }])
  expect(rest).toEqual({ queued: 3 })
})

test('a caller that is alone sees no others', () => {
  const alone = { ...snapshot, callers: snapshot.callers.slice(0, 1) }
  expect(viewOf(alone, { caller: 'ann', groups: new Set() }).callers).toHaveLength(1)
})

test.each<[what: string, change: object, isSame: boolean]>([
  ['as time goes by', { at: 'later', oldest_wait_ms: 9 }, true],
  ['when a job arrives', { queued: 4 }, false],
])('the tag of a snapshot %s', (_what, change, isSame) => {
  expect(etagOf({ ...snapshot, ...change }) === etagOf(snapshot)).toBe(isSame)
})

test('the tag of a snapshot is another one when a model leaves, and not when it stays for longer', () => {
  const tagOf = (...resident: object[]) => etagOf({ targets: [{ resident }] })
  const model = { model: 'm', memory_bytes: 7, expires_at: '12:00' }
  expect(tagOf({ ...model, expires_at: '12:05' })).toBe(tagOf(model))
  expect(tagOf()).not.toBe(tagOf(model))
})

test.each<[quantile: number, buckets: Record<string, number>, bound: number | undefined]>([
  [0.5, { 50: 10, 250: 1 }, 50],
  [0.95, { 50: 10, 250: 1 }, 250],
  [0.5, { 1000: 1, 50: 1, 250: 2 }, 250],
  [0.95, { 50: 1, more: 9 }, undefined],
  [0.5, {}, undefined],
])('the quantile %d of %j lies below %d', (quantile, buckets, bound) => {
  const rows = Object.entries(buckets).map(([part, value]) => ({ part, value }))
  expect(quantileOf(rows, quantile)).toBe(bound)
})

test('how quickly an answer grows is told between two notes of its tokens, and kept until the next', () => {
  const rates = new RateKeeper()
  const job = (tokens: number | null) => [{ seq: 1, tokens }] as unknown as Parameters<RateKeeper['note']>[0]
  const noted = (tokens: number | null, at: number) => {
    rates.note(job(tokens), at)
    return rates.perSecond.get(1)
  }
  expect([noted(null, 0), noted(10, 1_000), noted(40, 2_000), noted(40, 3_000), noted(100, 4_000)]).toEqual([
    undefined,
    undefined,
    30,
    30,
    30,
  ])
})
