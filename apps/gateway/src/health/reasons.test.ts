import { TARGET_IS_FOREMAN, type TargetRow } from '@foreman/store'
import { describe, expect, test } from 'vitest'
import { health, type Observed, readiness } from './reasons.ts'

const NOW = 1_000_000

const worker = { id: 'w', pid: 1, active: true, startedAt: 0, heartbeatAt: NOW - 1_000 }

const target: TargetRow = {
  state: 'up',
  since: 0,
  reason: null,
  suspectedAt: null,
  stalledAt: null,
  embedderDoesNotFit: false,
  residentGroups: null,
  residents: null,
  expectingUntil: null,
  rules: null,
}

const well: Observed = {
  worker,
  target,
  lackOfRoom: undefined,
  faults: [],
  isStopping: false,
  isPaused: false,
  isClosed: false,
  now: NOW,
}

const beatAgo = (ms: number): Observed => ({ ...well, worker: { ...worker, heartbeatAt: NOW - ms } })
const targetIs = (change: Partial<TargetRow>): Observed => ({ ...well, target: { ...target, ...change } })

test('all is well: nothing else is said', () => {
  expect(health(well)).toEqual({ status: 'ok', degraded: false })
  expect(readiness(well)).toEqual({ ready: true, reasons: [] })
})

describe('what keeps jobs from being run degrades, and they are accepted all the same', () => {
  test.each<[what: string, seen: Observed, reasons: string[]]>([
    ['there is no worker', { ...well, worker: undefined }, ['worker_away']],
    ['the worker has not been heard of for long', beatAgo(8_001), ['worker_away']],
    ['the worker has beaten far in the future: the clock was set back', beatAgo(-8_001), ['worker_away']],
    ['the target has not been seen yet', targetIs({ state: 'unknown' }), ['target_away']],
    ['the target is away', targetIs({ state: 'away' }), ['target_away']],
    [
      'the target is foreman itself',
      targetIs({ state: 'away', reason: TARGET_IS_FOREMAN }),
      ['target_away', 'target_is_foreman'],
    ],
    [
      'the target does not answer everything',
      targetIs({ reason: 'it answers /api/ps with 403' }),
      ['target_incomplete'],
    ],
    ['the target is away for a reason', targetIs({ state: 'away', reason: 'gone' }), ['target_away']],
    ['the target fell silent', targetIs({ stalledAt: 5 }), ['target_silent']],
    ['the embedder does not fit', targetIs({ embedderDoesNotFit: true }), ['embedder_does_not_fit']],
    [
      'everything at once',
      { ...targetIs({ state: 'away', stalledAt: 5, embedderDoesNotFit: true }), worker: undefined },
      ['worker_away', 'target_away', 'target_silent', 'embedder_does_not_fit'],
    ],
  ])('%s', (_what, seen, reasons) => {
    expect(health(seen)).toEqual({ status: 'ok', degraded: true, reasons })
    expect(readiness(seen)).toEqual({ ready: true, reasons: [] })
  })

  test.each([0, 8_000, -8_000])('a worker that beat %i ms ago is there', ms => {
    expect(health(beatAgo(ms))).toEqual({ status: 'ok', degraded: false })
  })

  test('a worker is missed within ten seconds of its last beat', () => {
    expect(health(beatAgo(10_000)).reasons).toContain('worker_away')
  })
})

describe('what an operator wants is told, and is no fault', () => {
  test('a pause', () => {
    expect(health({ ...well, isPaused: true })).toEqual({ status: 'ok', degraded: false, paused: true })
    expect(readiness({ ...well, isPaused: true })).toEqual({ ready: true, reasons: [] })
  })

  test('a closed queue, which takes no jobs', () => {
    expect(health({ ...well, isClosed: true })).toEqual({ status: 'ok', degraded: false, closed: true })
    expect(readiness({ ...well, isClosed: true })).toEqual({ ready: false, reasons: ['closed'] })
  })
})

describe('what keeps jobs from being accepted degrades, and is no readiness', () => {
  test.each<[what: string, change: Partial<Observed>, reason: string]>([
    ['the gateway stops', { isStopping: true }, 'stopping'],
    ['locks do not work', { faults: ['file_locks_do_not_work'] }, 'file_locks_do_not_work'],
    ['the queue takes no writes', { faults: ['queue_not_writable'] }, 'queue_not_writable'],
    ['the queue cannot be read', { worker: undefined, target: undefined }, 'queue_not_readable'],
    ['the queue was replaced', { faults: ['queue_replaced'] }, 'queue_replaced'],
    ['there is no room', { lackOfRoom: 'the disk of the queue is nearly full' }, 'no_room'],
  ])('%s', (_what, change, reason) => {
    expect(health({ ...well, ...change })).toEqual({ status: 'ok', degraded: true, reasons: [reason] })
    expect(readiness({ ...well, ...change })).toEqual({ ready: false, reasons: [reason] })
  })
})
