import type { GroupSnapshot, QueueSnapshot, TargetSnapshot } from '@foreman/jobs'
import { expect, test } from 'vitest'
import { aboutOf, sentenceOf } from './sentence.ts'

const NOW = Date.parse('2026-11-26T12:00:00Z')
const at = (seconds: number): string => new Date(NOW + seconds * 1_000).toISOString()

const target = (more: Partial<TargetSnapshot> = {}): TargetSnapshot => ({
  name: 'default',
  state: 'up',
  since: at(-60),
  slots: 1,
  resident: [],
  in_flight: [],
  ...more,
})

const snapshot = (of: TargetSnapshot, more: Partial<QueueSnapshot> = {}): QueueSnapshot => ({
  at: at(0),
  version: '1',
  state: 'running',
  accepting: true,
  holds: [],
  health: { degraded: false, reasons: [] },
  queued: 0,
  running: of.in_flight.length,
  delayed: 0,
  targets: [of],
  groups: [],
  callers: [],
  hour: {
    succeeded: 0,
    failed: 0,
    cancelled: 0,
    input_tokens: 0,
    output_tokens: 0,
    loads: 0,
    loads_in_arrival_order: 0,
    load_ms: 0,
    load_ms_saved: 0,
    busy_ms: 0,
  },
  ever: { since: at(-60), jobs: 0, loads: 0, loads_in_arrival_order: 0, load_ms_saved: 0 },
  ...more,
})

const job = (model: string, phase: 'loading' | 'prompt' | 'generating') => ({
  job: `job_${model}`,
  model,
  caller: 'ann',
  phase,
  started_at: at(-5),
  waited_ms: 0,
})

const turn = { group: 'g', models: ['a:1'], reason: 'drained', since: at(-5), jobs_done: 1, jobs_left: 0 }

const group: GroupSnapshot = {
  group: 'g',
  models: ['b:1'],
  queued: { high: 0, normal: 1, low: 0 },
  oldest_wait_ms: 10,
  why: { code: 'delayed', text: 'it is tried again in 5 s' },
}

test.each<[sentence: string, QueueSnapshot]>([
  ['Nothing to do.', snapshot(target())],
  ['Nothing to do; a:1 is in memory.', snapshot(target({ resident: [{ group: 'g', model: 'a:1' }] }))],
  ['a:1 works.', snapshot(target({ in_flight: [job('a:1', 'generating')] }))],
  ['a:1 is being loaded.', snapshot(target({ in_flight: [job('a:1', 'loading')] }))],
  [
    'a:1 works; b:1 is next in 19 s.',
    snapshot(
      target({ in_flight: [job('a:1', 'prompt')], next: { group: 'h', models: ['b:1'], at: at(19) } }),
    ),
  ],
  [
    'a:1 works; b:1 is next at any moment.',
    snapshot(
      target({ in_flight: [job('a:1', 'prompt')], next: { group: 'h', models: ['b:1'], at: at(-2) } }),
    ),
  ],
  [
    'a:1 waits 3 s more for a caller who is likely to come back.',
    snapshot(target({ turn: { ...turn, expects: { until: at(3) } } })),
  ],
  ['1 job waits. It is tried again in 5 s.', snapshot(target(), { queued: 1, groups: [group] })],
  [
    '2 jobs wait. b:1 starts in 19 s.',
    snapshot(target(), { queued: 2, groups: [{ ...group, starts_in_ms: 19_000 }] }),
  ],
  ['The target is away. Nothing waits.', snapshot(target({ state: 'away' }))],
  [
    'No worker is running. 3 jobs wait.',
    snapshot(target(), { queued: 3, health: { degraded: true, reasons: ['worker_away'] } }),
  ],
  [
    'Paused. 1 job waits.',
    snapshot(target(), { queued: 1, holds: [{ id: 'hold_1', kind: 'pause', since: at(0) }] }),
  ],
  [
    'Nothing new is taken. a:1 works.',
    snapshot(target({ in_flight: [job('a:1', 'prompt')] }), { accepting: false }),
  ],
])('%s', (sentence, of) => {
  expect(sentenceOf(of, NOW)).toBe(sentence)
})

test('a pause says when it is over', () => {
  const hold = { id: 'hold_1', kind: 'pause', since: at(0), until: at(60) } as const
  expect(sentenceOf(snapshot(target(), { holds: [hold] }), NOW)).toMatch(
    /^Paused until \d\d:01:00\. Nothing waits\.$/,
  )
})

test('what it is about changes with what works and what is wrong, and not with what waits', () => {
  const works = snapshot(target({ in_flight: [job('a:1', 'prompt')] }))
  expect(aboutOf({ ...works, queued: 7, at: at(5) })).toBe(aboutOf(works))
  const others = [
    snapshot(target({ in_flight: [job('b:1', 'prompt')] })),
    snapshot(target()),
    { ...works, accepting: false },
    { ...works, health: { degraded: true, reasons: ['no_room'] } },
  ]
  expect(others.map(aboutOf)).not.toContain(aboutOf(works))
})
