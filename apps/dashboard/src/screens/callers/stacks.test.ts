import type { HistoryStep, QueueHistory } from '@foreman/jobs'
import { expect, test } from 'vitest'
import { OTHERS, stacksOf } from './stacks.ts'

const HOUR = 3_600_000
const NOW = Date.parse('2026-01-01T12:34:00Z')

const historyOf = (hours: Readonly<Record<string, Readonly<Record<string, number>>>>): QueueHistory => ({
  step_ms: HOUR,
  counting_since: '2025-01-01T00:00:00Z',
  steps: Object.entries(hours).map(
    ([at, jobs]) =>
      ({
        at,
        callers: Object.entries(jobs).map(([caller, value]) => ({
          caller,
          jobs: value,
          tokens: value * 10,
          target_ms: 0,
        })),
      }) as unknown as HistoryStep,
  ),
})

test('an hour in which nothing happened is there, and who had most is at the bottom', () => {
  const history = historyOf({
    '2026-01-01T10:00:00Z': { ann: 2, bob: 3 },
    '2026-01-01T12:00:00Z': { ann: 9 },
  })
  const { stacks, callers, highest } = stacksOf(history, 'jobs', { now: NOW, count: 4 })
  expect(callers).toEqual(['ann', 'bob'])
  expect(highest).toBe(9)
  expect(stacks.map(({ at, sum }) => [new Date(at).getUTCHours(), sum])).toEqual([
    [9, 0],
    [10, 5],
    [11, 0],
    [12, 9],
  ])
  expect(stacks[1]!.parts).toEqual([
    { caller: 'ann', value: 2 },
    { caller: 'bob', value: 3 },
  ])
})

test('many callers: those who had little stand together', () => {
  const jobs = Object.fromEntries(Array.from({ length: 12 }, (_, index) => [`c${index}`, 20 - index]))
  const { stacks, callers } = stacksOf(historyOf({ '2026-01-01T12:00:00Z': jobs }), 'tokens', {
    now: NOW,
    count: 1,
  })
  expect(callers).toEqual(['c0', 'c1', 'c2', 'c3', 'c4', 'c5', 'c6', OTHERS])
  expect(stacks[0]!.parts.at(-1)).toEqual({ caller: OTHERS, value: (13 + 12 + 11 + 10 + 9) * 10 })
})

test('of a measure that nobody had, nobody is named', () => {
  const history = historyOf({ '2026-01-01T12:00:00Z': { ann: 2 } })
  expect(stacksOf(history, 'target_ms', { now: NOW, count: 1 })).toMatchObject({ callers: [], highest: 0 })
})
