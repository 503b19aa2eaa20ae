import type { Job, JobEvent } from '@foreman/jobs'
import { expect, test } from 'vitest'
import { attemptsOf } from './attempts.ts'

const at = (seconds: number): string => new Date(Date.UTC(2030, 0, 31, 12, 0, seconds)).toISOString()
const now = Date.parse(at(60))

const job = (fields: Partial<Job>): Job => ({
  id: 'job_1',
  state: 'succeeded',
  endpoint: '/api/chat',
  model: 'alpha',
  priority: 'normal',
  caller: 'ann',
  attempts: 1,
  created_at: at(0),
  ...fields,
})

const queued: JobEvent = { id: '1', event: 'queued', data: { state: 'queued', at: at(0) } }
const started = (attempt: number, seconds: number): JobEvent => ({
  id: `${attempt}0`,
  event: 'started',
  data: { state: 'running', attempt, at: at(seconds), reason: 'drained' },
})
const ended: JobEvent = {
  id: '99',
  event: 'succeeded',
  data: { state: 'succeeded', attempt: 1, at: at(20) },
}

test('an answer that says how long its parts took divides its attempt', () => {
  const answered = job({ load_ms: 3_000, prompt_ms: 500, generate_ms: 6_000 })
  expect(attemptsOf(answered, [queued, started(1, 10), ended], now)).toMatchObject([
    {
      attempt: 1,
      reason: 'drained',
      end: { how: 'succeeded' },
      stretches: [
        { kind: 'waited', ms: 10_000 },
        { kind: 'loaded', ms: 3_000 },
        { kind: 'prompt', ms: 500 },
        { kind: 'generated', ms: 6_000 },
      ],
    },
  ])
})

test('one that does not is divided by its first byte', () => {
  const answered = job({ first_byte_at: at(14) })
  expect(attemptsOf(answered, [queued, started(1, 10), ended], now)[0]?.stretches).toEqual([
    { kind: 'waited', ms: 10_000 },
    { kind: 'prompt', ms: 4_000 },
    { kind: 'generated', ms: 6_000 },
  ])
})

test('a job that was put back has an attempt that failed, one that runs, and the wait between them', () => {
  const retrying: JobEvent = {
    id: '20',
    event: 'retrying',
    data: { state: 'queued', attempt: 1, code: 'stall', at: at(12) },
  }
  expect(
    attemptsOf(job({ state: 'running' }), [queued, started(1, 10), retrying, started(2, 50)], now),
  ).toMatchObject([
    { end: { how: 'retrying', code: 'stall' }, stretches: [{ ms: 10_000 }, { kind: 'ran', ms: 2_000 }] },
    {
      attempt: 2,
      stretches: [
        { kind: 'waited', ms: 38_000 },
        { kind: 'ran', ms: 10_000 },
      ],
    },
  ])
})

test('a job that waits has no attempt, but a wait that runs; in the place of another one it waits for as long as that', () => {
  const arrived: JobEvent = {
    id: '1',
    event: 'queued',
    data: { state: 'queued', at: at(0), arrived_at: at(-20) },
  }
  expect(attemptsOf(job({ state: 'queued' }), [queued], now)).toEqual([
    { stretches: [{ kind: 'waited', ms: 60_000 }] },
  ])
  expect(attemptsOf(job({ state: 'queued' }), [arrived], now)[0]?.stretches[0]?.ms).toBe(80_000)
})
