import { transitions } from '@foreman/jobs'
import { TARGET_IS_FOREMAN } from '@foreman/store'
import { describe, expect, test } from 'vitest'
import { health, type Observed } from '../../apps/gateway/src/health/reasons.ts'
import type { Attempt, Ending } from '../../apps/worker/src/run/ending.ts'
import { BROKEN_RELEASE, judge, judgeBroken } from '../../apps/worker/src/run/verdict.ts'
import { storeFaultNames } from '../../packages/store/src/values.ts'
import { firstWords, read, section } from '../harness/documents.ts'

describe('docs/job-lifecycle.md', () => {
  const lifecycle = read('docs/job-lifecycle.md')
  const back = section(lifecycle, '### Back to the queue')
  const end = section(lifecycle, '### The end')

  test('draws the transitions that there are', () => {
    const drawn = [...lifecycle.matchAll(/^ +(\w+) --> (\w+)/gm)].map(([, from, to]) => `${from} ${to}`)
    const expected = Object.entries(transitions).flatMap(([from, next]) => next.map(to => `${from} ${to}`))
    expect(drawn.toSorted()).toEqual(expected.toSorted())
  })

  test('names every code that a job can get, and what its caller is told', () => {
    const held = { head: { status: 0, headers: [] }, body: Buffer.alloc(0) }
    const endings: Ending[] = [
      ...(['whole', 'own_error', 'cut_short', 'unknown'] as const).flatMap((completeness): Ending[] =>
        [200, 404].map(status => ({ kind: 'answered', status, completeness })),
      ),
      ...[401, 403, 429, 502, 503, 504].flatMap((status): Ending[] =>
        [true, false].map(isOllamas => ({ kind: 'provisional', status, isOllamas, waitMs: 0, answer: held })),
      ),
      ...[true, false].map((connected): Ending => ({ kind: 'broke_off', connected, message: '…' })),
      ...(['job_timeout', 'stall', 'load_timeout'] as const).map((watch): Ending => ({
        kind: 'timed_out',
        watch,
      })),
      ...(['cancelled', 'shutdown', 'paused', 'deadline'] as const).map((why): Ending => ({
        kind: 'stopped',
        why,
      })),
      { kind: 'misdirected' },
      { kind: 'unsendable', message: "Node's text" },
      { kind: 'no_http', message: '…' },
      { kind: 'used_up' },
    ]
    const fresh: Attempt = {
      attempt: 1,
      failedAttempts: 0,
      maxAttempts: 3,
      answerAttempt: null,
      streaming: true,
      hasOutput: false,
    }
    const cases = [fresh, { ...fresh, failedAttempts: 2 }, { ...fresh, hasOutput: true }]
    const judged = endings.flatMap(ending =>
      cases.flatMap(job => (['there', 'gone'] as const).map(presence => judge(ending, job, presence))),
    )
    const verdicts = [...judged, judgeBroken(fresh), BROKEN_RELEASE]
    const released = verdicts.flatMap(verdict => (verdict.kind === 'release' ? [verdict.release.code] : []))
    const finishes = verdicts.flatMap(verdict => (verdict.kind === 'finish' ? [verdict.finish] : []))
    const ended = finishes.flatMap(({ errorCode }) => errorCode ?? [])
    // The store has one code of its own.
    expect(new Set(firstWords(back))).toEqual(new Set([...released, 'worker_lost']))
    expect(new Set(firstWords(end))).toEqual(new Set([...ended, 'worker_lost']))
    const messages = finishes.flatMap(({ errorMessage }) => errorMessage ?? [])
    expect(messages.filter(message => !end.includes(message))).toEqual([])
  })
})

test('docs/operations.md says what to do for each reason that /healthz can give', () => {
  const ill: Observed = {
    worker: undefined,
    target: {
      state: 'away',
      since: 0,
      reason: 'of any kind',
      suspectedAt: null,
      stalledAt: 0,
      embedderDoesNotFit: true,
      residentGroups: null,
      residents: null,
      expectingUntil: null,
      rules: null,
    },
    lackOfRoom: 'of any kind',
    faults: storeFaultNames,
    isPaused: true,
    isClosed: true,
    isStopping: true,
    now: 0,
  }
  // Not all reasons can hold at the same time.
  const others: Observed[] = [
    { ...ill, target: ill.target && { ...ill.target, state: 'up' } },
    { ...ill, target: ill.target && { ...ill.target, reason: TARGET_IS_FOREMAN } },
    { ...ill, target: undefined },
  ]
  const reasons = new Set([ill, ...others].flatMap(seen => health(seen).reasons ?? []))
  const explained = firstWords(section(read('docs/operations.md'), '## Health'))
  expect(explained.toSorted()).toEqual([...reasons].toSorted())
})
