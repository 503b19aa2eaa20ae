import { describe, expect, test } from 'vitest'
import type { LoggedChange } from '../values.ts'
import type { CountedJob } from './count-change.ts'
import { countLog, type CountingFacts, type CountingState } from './count-log.ts'

const MINUTE_MS = 60_000
const AT = 10 * MINUTE_MS

const job = (differing: Partial<CountedJob> = {}): CountedJob => ({
  seq: 1,
  arrival: null,
  gateway: 'g1',
  caller: 'ann',
  priority: 1,
  modelName: 'm',
  endpoint: '/api/chat',
  groupKey: 'g',
  createdAt: AT - 3_000,
  startedAt: null,
  firstByteAt: null,
  finishedAt: null,
  promptTokens: null,
  completionTokens: null,
  loadMs: null,
  promptMs: null,
  generateMs: null,
  turn: null,
  ...differing,
})

const nothing: CountingState = { groups: [], pending: [] }
const facts: CountingFacts = { now: AT, fits: 1, loadMsOf: () => 40_000, fateOf: () => 'pending' }

const count = (
  changes: readonly [change: LoggedChange, job: CountedJob | undefined][],
  { state = nothing, ...differing }: Partial<CountingFacts> & { readonly state?: CountingState } = {},
) => {
  const entries = changes.map(([change, of]) => ({ change, job: of }))
  const { increments, state: next } = countLog(entries, state, { ...facts, ...differing })
  const tallies = Object.fromEntries(
    [...increments.tallies].map(({ name, labels, part, by }) => [
      [name, ...Object.values(JSON.parse(labels) as object), part].filter(text => text !== '').join(' '),
      by,
    ]),
  )
  return { tallies, samples: [...increments.samples], turns: [...increments.turns], state: next }
}

const queued: LoggedChange = { type: 'queued', at: AT }

describe('what is counted of a job', () => {
  test('that is accepted: its caller, its priority, and whether somebody waits for it', () => {
    const { tallies } = count([
      [queued, job()],
      [queued, job({ caller: 'bob', priority: 0, gateway: null })],
    ])
    expect(tallies).toMatchObject({
      'jobs_submitted ann false normal': 1,
      'jobs_submitted bob true high': 1,
    })
  })

  test.each<[what: string, change: LoggedChange, tallies: object]>([
    [
      'its first start, with its wait',
      { type: 'started', attempt: 1, reason: 'overdue', at: AT },
      { 'choices overdue': 1, 'job_wait m normal 5000': 1, 'job_wait m normal sum': 3_000 },
    ],
    ['a later start', { type: 'started', attempt: 2, reason: 'first', at: AT }, { 'choices first': 1 }],
    ['a failed attempt', { type: 'released', attempt: 1, code: 'stall', at: AT }, { 'job_retries stall': 1 }],
    ['a lost attempt', { type: 'lost', attempt: 1, at: AT }, {}],
    ['nothing of its progress', { type: 'progress', attempt: 1, tokens: 5, at: AT }, {}],
    [
      'an end in the queue',
      { type: 'cancelled', attempt: 0, at: AT },
      {
        'jobs_finished ann m cancelled': 1,
        'job_duration m cancelled 5000': 1,
        'job_duration m cancelled sum': 3_000,
      },
    ],
  ])('%s', (_what, change, tallies) => {
    expect(count([[change, job()]]).tallies).toEqual(tallies)
  })

  test('its end: how long the target worked for whom, as the answer states it, and its tokens', () => {
    const ended = job({
      startedAt: AT - 2_000,
      firstByteAt: AT - 1_000,
      promptTokens: 10,
      completionTokens: 300,
      loadMs: 700,
      promptMs: 200,
      generateMs: 900,
      turn: 7,
    })
    const { tallies, samples, turns } = count([[{ type: 'succeeded', attempt: 1, at: AT }, ended]])
    expect(tallies).toEqual({
      'jobs_finished ann m succeeded': 1,
      'job_duration m succeeded 5000': 1,
      'job_duration m succeeded sum': 3_000,
      'target_ms ann m load default': 700,
      'target_ms ann m prompt default': 200,
      'target_ms ann m generate default': 900,
      'tokens ann m input': 10,
      'tokens ann m output': 300,
      'gen_ai_operation m chat 2560': 1,
      'gen_ai_operation m chat sum': 2_000,
      'gen_ai_first_chunk m chat 1280': 1,
      'gen_ai_first_chunk m chat sum': 1_000,
      'gen_ai_tokens m chat input 16': 1,
      'gen_ai_tokens m chat input sum': 10,
      'gen_ai_tokens m chat output 1024': 1,
      'gen_ai_tokens m chat output sum': 300,
    })
    const by = { succeeded: 1, busyMs: 2_000, inputTokens: 10, outputTokens: 300 }
    expect(samples).toEqual([{ minute: AT, caller: 'ann', by }])
    expect(turns).toEqual([[7, { jobs: 1, tokens: 300, busyMs: 2_000, lastAt: AT }]])
  })

  test('where the answer does not say how long what took, the first byte tells the prompt from the rest', () => {
    const ended = job({ startedAt: AT - 2_000, firstByteAt: AT - 500 })
    const { tallies } = count([[{ type: 'failed', attempt: 1, code: 'http_error', at: AT }, ended]])
    expect(tallies).toMatchObject({
      'job_failures http_error': 1,
      'target_ms ann m prompt default': 1_500,
      'target_ms ann m generate default': 500,
      'gen_ai_operation http_error m chat 2560': 1,
    })
  })

  test('nothing, when it is deleted', () => {
    expect(count([[{ type: 'succeeded', attempt: 1, at: AT }, undefined]]).tallies).toEqual({})
  })
})

describe('the loads that the order of arrival would need', () => {
  const arriving = (groups: string) =>
    groups.split(' ').map((groupKey): [LoggedChange, CountedJob] => [queued, job({ groupKey })])

  test.each<[groups: string, fits: number, loads: number]>([
    ['a a a a', 1, 1],
    ['a b a b', 1, 4],
    ['a a b b', 1, 2],
    ['a b a b', 2, 2],
    ['a b c a b c', 2, 6],
    ['a b c a b c', 3, 3],
  ])('for %s with %i in memory are %i', (groups, fits, loads) => {
    const { tallies, samples } = count(arriving(groups), { fits })
    expect(tallies).toMatchObject({
      loads_in_arrival_order: loads,
      load_ms_in_arrival_order: loads * 40_000,
    })
    expect(samples).toMatchObject([{ caller: '', by: { arrivalLoads: loads } }])
  })

  test('go on where the last step ended', () => {
    const { state } = count(arriving('a'))
    expect(count(arriving('a'), { state }).tallies).not.toHaveProperty('loads_in_arrival_order')
    expect(count(arriving('b'), { state }).tallies).toMatchObject({ loads_in_arrival_order: 1 })
  })
})

describe('the jobs of an arrival', () => {
  const arriving: [LoggedChange, CountedJob][] = ['a', 'b', 'b'].map(groupKey => [
    queued,
    job({ groupKey, arrival: 5, seq: 9, gateway: null }),
  ])

  test('count once it is accepted', () => {
    const { tallies, state } = count(arriving)
    expect(tallies).toEqual({})
    const waiting = count([], { state })
    expect([waiting.tallies, waiting.state]).toEqual([{}, state])
    const accepted = count([], { state, fateOf: () => 'accepted' })
    expect(accepted.tallies).toMatchObject({
      'jobs_submitted ann true normal': 3,
      loads_in_arrival_order: 2,
    })
    expect(accepted.state).toEqual({ groups: ['b'], pending: [] })
  })

  test('count never, when it is given up', () => {
    const { state } = count(arriving)
    const gone = count([], { state, fateOf: () => 'gone' })
    expect([gone.tallies, gone.state]).toEqual([{}, { groups: [], pending: [] }])
  })
})
