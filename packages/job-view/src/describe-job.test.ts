import type { Job, JobErrorCode } from '@foreman/jobs'
import type { JobRecord } from '@foreman/store'
import { expect, test } from 'vitest'
import { aroundResult, jobJson } from './describe-job.ts'
import { aJob } from './testing/a-job.ts'

const shown = (job: Partial<JobRecord>, besides: Parameters<typeof jobJson>[1] = {}) =>
  JSON.parse(jobJson(aJob(job), besides)) as Job

const prospect = {
  position: 3,
  start: { at: 41_000, earliestAt: 31_000, latestAt: 91_000 },
  why: { code: 'behind_in_line', text: '4th in line for plain, about 40 s' },
  now: 1_000,
}

test('a job that has just been handed in shows what it is, and nothing that it has not', () => {
  expect(shown({ answerAttempt: null, attempt: 0, state: 'queued' }, { prospect })).toEqual({
    id: 'job_1',
    state: 'queued',
    endpoint: '/api/chat',
    model: 'plain',
    priority: 'normal',
    caller: 'default',
    position: 3,
    estimated_start: '1970-01-01T00:00:41.000Z',
    estimated_wait_ms: 40_000,
    estimated_wait_range_ms: [30_000, 90_000],
    why: prospect.why,
    attempts: 0,
    created_at: '1970-01-01T00:00:01.000Z',
  })
})

const running = { state: 'running', attempt: 2, startedAt: 2_000 } as const
const ended = { attempt: 1, startedAt: 2_000, finishedAt: 3_000, expiresAt: 4_000 } as const

test.each<[what: string, job: Partial<JobRecord>, fields: object]>([
  ['its priority by name', { priority: 0 }, { priority: 'high' }],
  ['its metadata', { metadata: '{"a":[1]}' }, { metadata: { a: [1] } }],
  ['its deadline', { deadlineAt: 9_000 }, { deadline: '1970-01-01T00:00:09.000Z' }],
  ['when it is tried again', { availableAt: 9_000 }, { next_attempt_at: '1970-01-01T00:00:09.000Z' }],
  ['which job it repeats', { retryOf: 'job_0' }, { retry_of: 'job_0' }],
  ['that it runs', running, { state: 'running', attempts: 2, started_at: '1970-01-01T00:00:02.000Z' }],
  ['how far it is', { ...running, tokens: 7 }, { progress: { tokens: 7 } }],
  ['that it is to be cancelled', { ...running, cancelRequestedAt: 5 }, { cancel_requested: true }],
  [
    'its end, and when it goes',
    { ...ended, state: 'succeeded' },
    { finished_at: '1970-01-01T00:00:03.000Z', expires_at: '1970-01-01T00:00:04.000Z' },
  ],
  [
    'what it used',
    { ...ended, state: 'succeeded', promptTokens: 0, completionTokens: 5 },
    { usage: { prompt_tokens: 0, completion_tokens: 5 } },
  ],
  [
    'a part of what it used',
    { ...ended, state: 'succeeded', completionTokens: 5 },
    { usage: { completion_tokens: 5 } },
  ],
  ['its batch', { batch: 'batch_1' }, { batch: 'batch_1' }],
  [
    'how long it took',
    { ...ended, state: 'succeeded', firstByteAt: 2_500, loadMs: 300, promptMs: 100, generateMs: 0 },
    { first_byte_at: '1970-01-01T00:00:02.500Z', load_ms: 300, prompt_ms: 100, generate_ms: 0 },
  ],
  [
    'why it failed',
    { ...ended, state: 'failed', errorCode: 'stall', errorMessage: 'silent' },
    { error: { code: 'stall', message: 'silent' } },
  ],
  [
    'with what status it failed',
    { ...ended, state: 'failed', errorCode: 'http_error', statusCode: 404 },
    { error: { code: 'http_error', message: 'the target answered with status 404', status: 404 } },
  ],
  [
    'that it was cancelled',
    { ...ended, state: 'cancelled', errorCode: 'cancelled' },
    { error: { code: 'cancelled', message: 'the job was cancelled' } },
  ],
])('a job shows %s', (_what, job, fields) => {
  expect(shown({ state: 'queued', ...job })).toMatchObject(fields)
})

test.each<[field: string, job: Partial<JobRecord>]>([
  ['progress', { ...ended, state: 'succeeded', tokens: 7 }],
  ['usage', { ...running, promptTokens: 1 }],
  ['load_ms', { ...running, loadMs: 1 }],
  ['error', { ...ended, state: 'succeeded' }],
  ['next_attempt_at', { ...running, availableAt: null }],
])('a job does not show %s in another state', (field, job) => {
  expect(shown(job)).not.toHaveProperty(field)
})

test("the target's own words come before foreman's", () => {
  const failed = { ...ended, state: 'failed', errorCode: 'http_error', statusCode: 404 } as const
  expect(shown(failed, { answer: { errorText: 'no such model' } }).error?.message).toBe('no such model')
})

test('a prospect is shown of a queued job only, and as much of it as is known', () => {
  expect(shown(running, { prospect })).not.toHaveProperty('position')
  const unknown = { ...prospect, position: undefined, start: undefined }
  expect(shown({}, { prospect: unknown })).toMatchObject({ why: prospect.why })
  for (const field of ['position', 'estimated_start', 'estimated_wait_ms', 'estimated_wait_range_ms'])
    expect(shown({}, { prospect: unknown })).not.toHaveProperty(field)
})

test('a job that has started shows how long it waited, and for what', () => {
  const started = { ...running, startReason: 'drained', behindModel: 'm', behindSince: 1_200 } as const
  expect(shown(started)).toMatchObject({ waited_ms: 1_000, why: { code: 'drained' } })
  expect(shown(running)).not.toHaveProperty('why')
})

test('a succeeded job whose result is left out says why', () => {
  const succeeded = { ...ended, state: 'succeeded' } as const
  const job = shown(succeeded, { answer: { omitted: 'it is too long' } })
  expect(job).toMatchObject({ state: 'succeeded', result_omitted: 'it is too long' })
  expect(job).not.toHaveProperty('result')
})

test('a failed job does not say so: its answer is no result', () => {
  const failed = { ...ended, state: 'failed', errorCode: 'http_error', statusCode: 500 } as const
  expect(shown(failed, { answer: { omitted: 'it is too long' } })).not.toHaveProperty('result_omitted')
})

test('metadata stays as the caller wrote it', () => {
  const metadata = '{ "row": 1234567890123456789, "ratio": 1.0, "huge": 1e400 }'
  expect(jobJson(aJob({ metadata }))).toContain(`"metadata":${metadata}`)
})

test('a result is written between two parts of the JSON of its job', () => {
  const json = jobJson(aJob({ ...ended, state: 'succeeded', metadata: '{}' }))
  const result = '{"ratio":1.0}'
  const whole = aroundResult(json).join(result)
  expect(whole).toContain(`"result":${result}`)
  expect(JSON.parse(whole)).toEqual({ ...(JSON.parse(json) as object), result: { ratio: 1 } })
})

test('an outline has all that is not content', () => {
  const queued = aJob({ metadata: '{"a":1}' })
  const { metadata, ...rest } = JSON.parse(jobJson(queued, { prospect })) as Job
  expect(metadata).toEqual({ a: 1 })
  expect(JSON.parse(jobJson(queued, { prospect, isOutline: true }))).toEqual(rest)
})

test.each<[code: JobErrorCode, message: string | null, shown: string]>([
  ['stall', 'it fell silent', 'it fell silent'],
  ['deadline_exceeded', 'it was late', 'it was late'],
  ['http_error', null, 'the target answered with status 404'],
  ['target_error', null, "the target's answer is an error"],
  ['not_an_answer', 'no HTTP (HPE_X: "said")', "the target's answer is in no known form"],
  ['target_lost', 'broke off (said)', 'the connection to the target broke off'],
  ['unsendable', 'Invalid character in "said"', 'HTTP cannot carry the request'],
  ['cancelled', null, 'the job was cancelled'],
])('an outline of a job that ended as %s quotes nobody', (errorCode, errorMessage, message) => {
  const job = { ...ended, state: 'failed', errorCode, errorMessage, statusCode: 404 } as const
  expect(shown(job, { isOutline: true, answer: { errorText: 'said' } }).error).toEqual({
    code: errorCode,
    message,
    status: 404,
  })
})

test('a code that an outline does not know quotes nobody', () => {
  const job = { ...ended, state: 'failed', errorCode: 'of_tomorrow', errorMessage: 'said' } as const
  expect(shown(job, { isOutline: true }).error?.message).not.toContain('said')
})
