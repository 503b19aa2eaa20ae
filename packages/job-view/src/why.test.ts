import { inWords, ordinal } from '@foreman/jobs'
import type { JobStart } from '@foreman/store'
import { describe, expect, test } from 'vitest'
import { type WaitsFor, whyStarted, whyWaiting } from './why.ts'

test.each([
  [0, '0.0 s'],
  [410, '0.4 s'],
  [9_949, '9.9 s'],
  [9_951, '10 s'],
  [41_200, '41 s'],
  [99_000, '99 s'],
  [100_000, '2 min'],
  [5_940_000, '99 min'],
  [7_500_000, '2 h 5 min'],
  [400_000_000, '5 days'],
  [-5, '0.0 s'],
])('%d ms are %s', (ms, words) => {
  expect(inWords(ms)).toBe(words)
})

test('places have their endings', () => {
  expect([1, 2, 3, 4, 11, 12, 13, 21, 102, 113].map(ordinal)).toEqual([
    '1st',
    '2nd',
    '3rd',
    '4th',
    '11th',
    '12th',
    '13th',
    '21st',
    '102nd',
    '113th',
  ])
})

const MODEL = 'registry.ollama.ai/library/qwen3:32b'

test.each<[waitsFor: WaitsFor, text: string]>([
  [{ code: 'behind_in_line' }, '3rd in line for llama3, about 40 s, 2 min at the latest'],
  [
    { code: 'other_turn', model: MODEL },
    '3rd in line for llama3, about 40 s, 2 min at the latest; qwen3:32b has its turn',
  ],
  [{ code: 'other_turn', model: undefined }, '3rd in line for llama3, about 40 s, 2 min at the latest'],
  [
    { code: 'expecting' },
    '3rd in line for llama3, about 40 s, 2 min at the latest; the target waits a moment for a caller who is likely to come back',
  ],
  [{ code: 'target_away' }, '3rd in line for llama3; the target is away'],
  [{ code: 'worker_away' }, '3rd in line for llama3; no worker is running'],
  [{ code: 'paused', forMs: 7_200_000 }, '3rd in line for llama3; the queue is paused for another 2 h 0 min'],
  [{ code: 'paused', forMs: undefined }, '3rd in line for llama3; the queue is paused'],
  [
    { code: 'held', by: 'model', subject: MODEL, forMs: 60_000 },
    '3rd in line for llama3; qwen3:32b is held for another 60 s',
  ],
  [{ code: 'held', by: 'priority', subject: 'low' }, '3rd in line for llama3; jobs of low priority are held'],
  [
    { code: 'held', by: 'caller', subject: 'ann' },
    '3rd in line for llama3; the jobs of this caller are held',
  ],
  [
    { code: 'held', by: 'priority', subject: 'low', from: '22:00' },
    '3rd in line for llama3; low runs from 22:00',
  ],
  [
    { code: 'held', by: 'model', subject: MODEL, from: 'Sat 01:00' },
    '3rd in line for llama3; qwen3:32b runs from Sat 01:00',
  ],
  [{ code: 'delayed', inMs: 30_000 }, 'it is tried again in 30 s'],
])('a job that waits says so: %j', (waitsFor, text) => {
  const why = whyWaiting({ model: 'llama3', waitsFor, position: 2, startsInMs: 40_000, latestInMs: 120_000 })
  expect(why).toEqual({ code: waitsFor.code, text })
})

test('what nobody knows is left out, and that nobody knows how long is said', () => {
  const waitsFor = { code: 'behind_in_line' } as const
  const job = { model: 'llama3', waitsFor, position: undefined, startsInMs: undefined, latestInMs: undefined }
  expect(whyWaiting(job).text).toBe('in line for llama3, nobody knows yet how long')
  expect(whyWaiting({ ...job, position: 0 }).text).toBe('1st in line for llama3, nobody knows yet how long')
})

describe('a job that has started', () => {
  const started = (differing: Partial<JobStart> & { loadMs?: number }) =>
    whyStarted({
      createdAt: 1_000,
      startedAt: 42_000,
      startReason: 'resident',
      behindModel: null,
      behindSince: null,
      ...differing,
    })?.text
  const behind = { startReason: 'drained', behindModel: MODEL, behindSince: 500 } as const

  test.each<[text: string | undefined, job: Parameters<typeof started>[0]]>([
    ['waited 41 s in line; its model was in memory', {}],
    ['it started at once', { startedAt: 1_050 }],
    ['it started at once; then loaded in 12 s', { startedAt: 1_050, startReason: 'first', loadMs: 12_000 }],
    [
      'waited for qwen3:32b: 41 s of its turn, until that had no more jobs; then loaded in 12 s',
      { ...behind, loadMs: 12_000 },
    ],
    [
      'waited for qwen3:32b: 41 s of its turn, until this model had waited for its bound',
      { ...behind, startReason: 'overdue' },
    ],
    [
      'waited 41 s, at the end for qwen3:32b: 2.0 s of its turn, until this job came, which is more urgent',
      { ...behind, startReason: 'priority', behindSince: 40_000 },
    ],
    ['waited 41 s', { startReason: 'drained' }],
    [undefined, { startedAt: null }],
    [undefined, { startReason: null }],
  ])('says: %s', (text, job) => {
    expect(started(job)).toBe(text)
  })
})
