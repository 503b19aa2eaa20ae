import { describe, expect, test } from 'vitest'
import { type Experience, Hosts } from './hosts.ts'
import type { Standing } from './slots.ts'

const answered = (durationMs: number): Experience => ({ isAnswered: true, durationMs })
const failed = (durationMs: number): Experience => ({ isAnswered: false, durationMs })

describe('a host', () => {
  test.each<[what: string, experiences: Experience[], standing: Standing, pauseMs: number]>([
    ['of which nothing is known', [], 'unknown', 0],
    ['that answered soon', [answered(5_000)], 'answers', 0],
    ['that answered late', [answered(1), answered(5_001)], 'unknown', 0],
    ['that was silent', [answered(1), failed(15_000)], 'silent', 5_000],
    ['that refused the connection', [answered(1), failed(999)], 'unknown', 0],
    ['whose look-up did not come back', [failed(5_000)], 'silent', 5_000],
    ['that was silent twice', [failed(15_000), failed(15_000)], 'silent', 10_000],
    ['that was silent four times', Array<Experience>(4).fill(failed(15_000)), 'silent', 40_000],
    ['that was silent often', Array<Experience>(60).fill(failed(15_000)), 'silent', 60_000],
    ['that answers again', [failed(15_000), failed(15_000), answered(20)], 'answers', 0],
    ['that was silent again', [failed(15_000), answered(20), failed(15_000)], 'silent', 5_000],
  ])('%s', (_what, experiences, standing, pauseMs) => {
    const hosts = new Hosts()
    for (const experience of experiences) hosts.note('h', experience, 1_000)
    expect(hosts.standingOf('h', 0)).toBe(standing)
    expect(hosts.pauseMs('h', 1_000)).toBe(pauseMs)
    expect(hosts.pauseMs('h', 1_000 + pauseMs)).toBe(0)
  })

  test('that is not known counts as silent when an attempt at its first message has failed', () => {
    const hosts = new Hosts()
    expect(hosts.standingOf('h', 1)).toBe('silent')
    hosts.note('h', answered(20), 0)
    expect(hosts.standingOf('h', 1)).toBe('answers')
  })
})

test('a thousand hosts of either kind are remembered, those that were heard of last', () => {
  const hosts = new Hosts()
  hosts.note('well', answered(20), 0)
  for (let n = 0; n < 1_000; n++) hosts.note(`dead-${n}`, failed(15_000), 0)
  for (let n = 0; n < 999; n++) hosts.note(`other-${n}`, answered(20), 0)
  hosts.note('dead-0', failed(15_000), 0)
  hosts.note('dead-1000', failed(15_000), 0)
  expect(['well', 'dead-0', 'dead-1', 'dead-2'].map(host => hosts.standingOf(host, 0))).toEqual([
    'answers',
    'silent',
    'unknown',
    'silent',
  ])
  hosts.note('other-999', answered(20), 0)
  expect(hosts.standingOf('well', 0)).toBe('unknown')
})
