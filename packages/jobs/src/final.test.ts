import { expect, test } from 'vitest'
import { isFinal } from './final.ts'
import type { JobState } from './state.ts'

test.each<[state: JobState, statusCode: number | null, final: boolean]>([
  ['succeeded', 200, true],
  ['succeeded', null, true],
  // The target's last word: an error status, an error within an answer of status 200.
  ['failed', 400, true],
  ['failed', 401, true],
  ['failed', 404, true],
  ['failed', 408, true],
  ['failed', 500, true],
  ['failed', 501, true],
  ['failed', 200, true],
  // It may take the request later.
  ['failed', 429, false],
  ['failed', 502, false],
  ['failed', 503, false],
  ['failed', 504, false],
  ['failed', 524, false],
  // target_lost, stall, job_timeout, worker_lost, worker_stopped, cut_short and all others that leave no whole answer.
  ['failed', null, false],
  ['cancelled', null, false],
  ['cancelled', 200, false],
  ['queued', null, false],
  ['running', null, false],
])('a job that is %s with status %s is final: %s', (state, statusCode, final) => {
  expect(isFinal({ state, statusCode })).toBe(final)
})
