import { describe, expect, test } from 'vitest'
import type { TargetProbe } from '../target/target-probe.ts'
import { MAX_BACKOFF_MS } from './delays.ts'
import type { Attempt, Ending, Verdict } from './ending.ts'
import { isProvisional, needsProbe } from './provisional.ts'
import { isUsedUp, judge } from './verdict.ts'

/** The first attempt at a streaming job, without output so far. */
const job: Attempt = {
  attempt: 1,
  failedAttempts: 0,
  maxAttempts: 3,
  answerAttempt: null,
  streaming: true,
  hasOutput: false,
}
const withOutput: Attempt = { ...job, hasOutput: true }
const nonStreaming: Attempt = { ...job, streaming: false }
const nonStreamingWithOutput: Attempt = { ...nonStreaming, hasOutput: true }
const lastAttempt: Attempt = { ...job, attempt: 3, failedAttempts: 2 }
const afterAnswer: Attempt = { ...job, attempt: 2, failedAttempts: 1, answerAttempt: 1 }

const answer = { head: { status: 503, headers: [] }, body: Buffer.from('{"error":"busy"}') }
const output = { head: answer.head, body: [answer.body] }
const provisional = (status: number, isOllamas: boolean, waitMs = 0): Ending => ({
  kind: 'provisional',
  status,
  isOllamas,
  waitMs,
  answer,
})
const answered = (status: number, completeness: 'whole' | 'own_error' | 'cut_short' | 'unknown'): Ending => ({
  kind: 'answered',
  status,
  completeness,
})
const brokeOff = (connected: boolean): Ending => ({ kind: 'broke_off', connected, message: 'ECONNRESET' })
const stalled: Ending = { kind: 'timed_out', watch: 'stall' }
const tookTooLong: Ending = { kind: 'timed_out', watch: 'job_timeout' }
const loadsTooLong: Ending = { kind: 'timed_out', watch: 'load_timeout' }
const cancelled: Ending = { kind: 'stopped', why: 'cancelled' }
const shutdown: Ending = { kind: 'stopped', why: 'shutdown' }

/** A verdict in short: what becomes of the job, its code, and the attempt whose output is its answer. */
const short = (verdict: Verdict): string => {
  if (verdict.kind === 'finish') {
    const { state, errorCode = '', answerAttempt, errorMessage } = verdict.finish
    const told = errorMessage === undefined ? '' : ' told'
    return `${state} ${errorCode} answer=${answerAttempt}${told}`.replace('  ', ' ')
  }
  const { code, spent } = verdict.release
  return `again ${code} ${spent ? 'spent' : 'free'} after ${verdict.delayMs}${verdict.targetIsAway === undefined ? '' : ' away'}`
}

describe('an answer that arrived', () => {
  test.each<[what: string, ending: Ending, attempt: Attempt, verdict: string]>([
    ['whole', answered(200, 'whole'), withOutput, 'succeeded answer=1'],
    ['whole, non-streaming', answered(200, 'whole'), nonStreamingWithOutput, 'succeeded answer=1'],
    [
      'whole, at a later attempt',
      answered(200, 'whole'),
      { ...afterAnswer, hasOutput: true },
      'succeeded answer=2',
    ],
    [
      'whole, after two failed attempts',
      answered(200, 'whole'),
      { ...lastAttempt, hasOutput: true },
      'succeeded answer=3',
    ],
    ['another 2xx', answered(206, 'whole'), withOutput, 'succeeded answer=1'],
    [
      "ended by the target's own error",
      answered(200, 'own_error'),
      withOutput,
      'failed target_error answer=1',
    ],
    ['of another kind', answered(200, 'unknown'), withOutput, 'failed not_an_answer answer=1'],
    ['a refusal', answered(400, 'whole'), withOutput, 'failed http_error answer=1'],
    ['a refusal without a body', answered(404, 'cut_short'), job, 'failed http_error answer=1'],
    ['an error', answered(500, 'whole'), withOutput, 'failed http_error answer=1'],
    ['a redirect', answered(307, 'unknown'), withOutput, 'failed http_error answer=1'],
    [
      'cut short after output was sent: the caller gets a message',
      answered(200, 'cut_short'),
      withOutput,
      'failed cut_short answer=1 told',
    ],
    [
      'cut short before any output was sent: the caller gets a message',
      answered(200, 'cut_short'),
      job,
      'failed cut_short answer=null told',
    ],
    [
      'cut short, non-streaming: the part that arrived is not the answer',
      answered(200, 'cut_short'),
      nonStreamingWithOutput,
      'failed cut_short answer=null told',
    ],
    [
      'cut short, after an earlier attempt brought an answer',
      answered(200, 'cut_short'),
      { ...afterAnswer, streaming: false, hasOutput: true },
      'failed cut_short answer=1 told',
    ],
    [
      'cut short: never repeated, however many attempts are left',
      answered(200, 'cut_short'),
      { ...withOutput, maxAttempts: 10 },
      'failed cut_short answer=1 told',
    ],
  ])('%s', (_what, ending, attempt, verdict) => {
    expect(short(judge(ending, attempt))).toBe(verdict)
  })

  test('leaves its status on the job', () => {
    expect(judge(answered(200, 'whole'), job)).toMatchObject({ finish: { statusCode: 200 } })
    expect(judge(answered(404, 'whole'), job)).toMatchObject({ finish: { statusCode: 404 } })
  })
})

describe('an exchange that broke off', () => {
  test.each<[what: string, ending: Ending, attempt: Attempt, verdict: string]>([
    [
      'before there was a connection: the target is away',
      brokeOff(false),
      job,
      'again target_away free after 0 away',
    ],
    [
      'before there was a connection, at the last attempt: the attempt does not count',
      brokeOff(false),
      lastAttempt,
      'again target_away free after 0 away',
    ],
    ['before any output', brokeOff(true), job, 'again target_lost spent after 500'],
    [
      'before any output, the second time',
      brokeOff(true),
      { ...job, attempt: 2, failedAttempts: 1 },
      'again target_lost spent after 2000',
    ],
    ['before any output, the last time', brokeOff(true), lastAttempt, 'failed target_lost answer=null told'],
    [
      'after output was sent: it cannot be taken back',
      brokeOff(true),
      withOutput,
      'failed target_lost answer=1 told',
    ],
    [
      'after output, non-streaming: no caller has it yet',
      brokeOff(true),
      nonStreamingWithOutput,
      'again target_lost spent after 500',
    ],
    [
      'the last time, non-streaming',
      brokeOff(true),
      { ...lastAttempt, streaming: false, hasOutput: true },
      'failed target_lost answer=null told',
    ],
    [
      'the last time, after an earlier attempt brought an answer',
      brokeOff(true),
      { ...lastAttempt, answerAttempt: 2 },
      'failed target_lost answer=2 told',
    ],
    [
      'after output was sent, and after an earlier attempt brought an answer',
      brokeOff(true),
      { ...afterAnswer, hasOutput: true },
      'failed target_lost answer=2 told',
    ],
    [
      'when only one attempt is allowed',
      brokeOff(true),
      { ...job, maxAttempts: 1 },
      'failed target_lost answer=null told',
    ],
    // Runs that were lost with their worker, or put back, raise the number of the attempt but do not count.
    [
      'at the fifth attempt, when none has counted',
      brokeOff(true),
      { ...job, attempt: 5 },
      'again target_lost spent after 500',
    ],
  ])('%s', (_what, ending, attempt, verdict) => {
    expect(short(judge(ending, attempt))).toBe(verdict)
  })

  test('is described by the error code of the system', () => {
    expect(judge(brokeOff(true), lastAttempt)).toMatchObject({
      finish: { errorMessage: expect.stringContaining('ECONNRESET') as string },
    })
    expect(judge(brokeOff(false), job)).toMatchObject({ targetIsAway: 'ECONNRESET' })
  })
})

describe('what is no HTTP', () => {
  const noHttp: Ending = { kind: 'no_http', message: 'HPE_INVALID_CHUNK_SIZE' }

  test.each<[what: string, attempt: Attempt, verdict: string]>([
    ['is not asked for again', job, 'failed not_an_answer answer=null told'],
    ['ends a stream that its caller sees', withOutput, 'failed not_an_answer answer=1 told'],
    ['is no answer of a non-streaming job', nonStreamingWithOutput, 'failed not_an_answer answer=null told'],
  ])('%s', (_what, attempt, verdict) => {
    expect(short(judge(noHttp, attempt))).toBe(verdict)
  })
})

describe('a watchdog', () => {
  test.each<[what: string, ending: Ending, attempt: Attempt, verdict: string]>([
    ['for the whole attempt', tookTooLong, job, 'again job_timeout spent after 500'],
    ['for the whole attempt, the last time', tookTooLong, lastAttempt, 'failed job_timeout answer=null told'],
    [
      'for the whole attempt, after output was sent',
      tookTooLong,
      withOutput,
      'failed job_timeout answer=1 told',
    ],
    ['for the load', loadsTooLong, job, 'again load_timeout spent after 500'],
    ['for the load, the last time', loadsTooLong, lastAttempt, 'failed load_timeout answer=null told'],
    ['for silence, before any output', stalled, job, 'again stall spent after 500'],
    ['for silence, after output was sent', stalled, withOutput, 'failed stall answer=1 told'],
    ['for silence, non-streaming', stalled, nonStreamingWithOutput, 'again stall spent after 500'],
    [
      'for silence, non-streaming, the last time',
      stalled,
      { ...lastAttempt, streaming: false, hasOutput: true },
      'failed stall answer=null told',
    ],
  ])('%s', (_what, ending, attempt, verdict) => {
    expect(short(judge(ending, attempt))).toBe(verdict)
  })
})

describe('a job without an attempt left', () => {
  test.each([
    [lastAttempt, false],
    [{ ...job, failedAttempts: 3 }, true],
    [{ ...job, failedAttempts: 1, maxAttempts: 1 }, true],
  ])('%j is known: %s', (attempt, expected) => {
    expect(isUsedUp(attempt)).toBe(expected)
  })

  test('fails without another one', () => {
    expect(short(judge({ kind: 'used_up' }, afterAnswer))).toBe('failed internal_error answer=1 told')
  })
})

describe('a request that cannot be sent', () => {
  test('fails at once with a message for the caller', () => {
    expect(short(judge({ kind: 'unsendable', message: 'bad header' }, job))).toBe(
      'failed unsendable answer=null told',
    )
  })
})

test('a redirect to another server fails at once with a message for the caller', () => {
  expect(short(judge({ kind: 'misdirected' }, job))).toBe('failed not_an_answer answer=null told')
})

describe('a run that foreman cut off', () => {
  test.each<[what: string, ending: Ending, attempt: Attempt, verdict: string]>([
    ['because it was cancelled', cancelled, job, 'cancelled cancelled answer=null'],
    [
      'because it was cancelled, after output was sent',
      cancelled,
      withOutput,
      'cancelled cancelled answer=null',
    ],
    [
      'because it was cancelled, after an earlier attempt brought an answer',
      cancelled,
      afterAnswer,
      'cancelled cancelled answer=null',
    ],
    ['because the worker stops', shutdown, job, 'again worker_stopped free after 0'],
    [
      'because the worker stops, at the last attempt',
      shutdown,
      lastAttempt,
      'again worker_stopped free after 0',
    ],
    [
      'because the worker stops, non-streaming',
      shutdown,
      nonStreamingWithOutput,
      'again worker_stopped free after 0',
    ],
    [
      'because the worker stops, after output was sent',
      shutdown,
      withOutput,
      'failed worker_stopped answer=1 told',
    ],
  ])('%s', (_what, ending, attempt, verdict) => {
    expect(short(judge(ending, attempt))).toBe(verdict)
  })
})

describe('a provisional answer', () => {
  test.each([
    [401, true],
    [403, true],
    [429, true],
    [502, true],
    [503, true],
    [504, true],
    [200, false],
    [307, false],
    [400, false],
    [404, false],
    [408, false],
    [499, false],
    [500, false],
    [501, false],
    [507, false],
  ])('status %i makes an answer provisional: %s', (status, expected) => {
    expect(isProvisional(status)).toBe(expected)
  })

  test.each<
    [status: number, isOllamas: boolean, probe: TargetProbe | undefined, attempt: Attempt, verdict: string]
  >([
    // Ollama itself is busy.
    [503, true, undefined, job, 'again target_busy spent after 500'],
    [502, true, undefined, job, 'again target_busy spent after 500'],
    [504, true, undefined, job, 'again target_busy spent after 500'],
    [429, true, undefined, job, 'again target_busy spent after 500'],
    [429, false, undefined, job, 'again target_busy spent after 500'],
    [503, true, undefined, { ...job, attempt: 2, failedAttempts: 1 }, 'again target_busy spent after 2000'],
    [503, true, undefined, lastAttempt, 'failed http_error answer=3'],
    [429, false, undefined, lastAttempt, 'failed http_error answer=3'],
    [503, true, undefined, { ...job, maxAttempts: 1 }, 'failed http_error answer=1'],
    // A proxy says that Ollama is away.
    [502, false, 'gone', job, 'again target_away free after 0 away'],
    [503, false, 'gone', lastAttempt, 'again target_away free after 0 away'],
    // Ollama may die of the job each time.
    [502, false, 'gone', { ...job, attempt: 8 }, 'failed http_error answer=8'],
    // A proxy has waited for Ollama in vain: that is a failed attempt, wherever Ollama is.
    [504, false, 'there', job, 'again job_timeout spent after 500'],
    [504, false, 'there', { ...job, maxAttempts: 1 }, 'failed http_error answer=1'],
    [504, false, 'gone', job, 'again job_timeout spent after 500 away'],
    [504, false, 'refuses_credentials', job, 'again job_timeout spent after 500 away'],
    [504, false, 'gone', lastAttempt, 'failed http_error answer=3'],
    // A proxy refuses this job, though Ollama is there.
    [502, false, 'there', job, 'again target_away spent after 500'],
    [503, false, 'there', { ...job, attempt: 2, failedAttempts: 1 }, 'again target_away spent after 2000'],
    [502, false, 'there', lastAttempt, 'failed http_error answer=3'],
    [503, false, 'there', { ...job, maxAttempts: 1 }, 'failed http_error answer=1'],
    // The target refuses foreman's credentials.
    [401, false, 'refuses_credentials', job, 'again target_away free after 0 away'],
    [403, true, 'refuses_credentials', lastAttempt, 'again target_away free after 0 away'],
    [401, true, 'gone', job, 'again target_away free after 0 away'],
    // The target accepts foreman's credentials, and refuses this request.
    [401, true, 'there', job, 'failed http_error answer=1'],
    [401, false, 'there', job, 'failed http_error answer=1'],
    [403, false, 'there', afterAnswer, 'failed http_error answer=2'],
  ])('%i, from Ollama itself: %s, the target: %s', (status, isOllamas, probe, attempt, verdict) => {
    expect(short(judge(provisional(status, isOllamas), attempt, probe))).toBe(verdict)
  })

  test.each([502, 503, 504])(
    '%i from a proxy, while the target is there, does not make other jobs wait',
    status => {
      const verdict = judge(provisional(status, false), job, 'there')
      expect(verdict).not.toHaveProperty('targetIsAway')
      expect(verdict).toMatchObject({ kind: 'release', delayMs: expect.any(Number) as number })
      expect(verdict.kind === 'release' && verdict.delayMs).toBeGreaterThan(0)
    },
  )

  test.each<[status: number, isOllamas: boolean, waitMs: number, attempt: Attempt, verdict: string]>([
    // The target has done nothing, and says when it will do something.
    [429, false, 6_000, job, 'again target_busy free after 6000'],
    [429, true, 6_000, { ...lastAttempt, maxAttempts: 1 }, 'again target_busy free after 6000'],
    [503, true, 6_000, lastAttempt, 'again target_busy free after 6000'],
    [503, false, 6_000, lastAttempt, 'again target_away free after 6000'],
    [429, false, 100, job, 'again target_busy free after 500'],
    [429, false, 3_600_000, job, 'again target_busy free after 600000'],
    [429, false, Infinity, job, 'again target_busy free after 600000'],
    // But not for ever.
    [429, false, 6_000, { ...job, attempt: 8 }, 'again target_busy spent after 6000'],
    [429, false, 6_000, { ...lastAttempt, attempt: 8 }, 'failed http_error answer=8'],
    // The target may have done something.
    [504, true, 6_000, job, 'again target_busy spent after 6000'],
    [504, false, 6_000, job, 'again job_timeout spent after 6000'],
    [502, false, 100, job, 'again target_away spent after 500'],
    [502, false, 6_000, lastAttempt, 'failed http_error answer=3'],
  ])(
    '%i, from Ollama itself: %s, that asks for a wait of %i ms',
    (status, isOllamas, waitMs, attempt, verdict) => {
      expect(short(judge(provisional(status, isOllamas, waitMs), attempt, 'there'))).toBe(verdict)
    },
  )

  test.each([502, 503, 504])(
    '%i from a proxy, while the target is there, is not repeated for ever',
    status => {
      let failedAttempts = 0
      let verdict: Verdict | undefined
      for (let attempt = 1; attempt <= 100 && verdict?.kind !== 'finish'; attempt++) {
        verdict = judge(provisional(status, false), { ...job, attempt, failedAttempts }, 'there')
        if (verdict.kind === 'release' && verdict.release.spent) failedAttempts++
      }
      expect(verdict).toMatchObject({
        kind: 'finish',
        finish: { state: 'failed', statusCode: status, output },
      })
    },
  )

  test('is kept with the job, whether the job is repeated or ends', () => {
    expect(judge(provisional(503, true), job)).toMatchObject({ release: { provisional: answer } })
    expect(judge(provisional(503, true), lastAttempt)).toMatchObject({
      finish: { output, statusCode: 503 },
    })
    expect(judge(provisional(401, true), job, 'there')).toMatchObject({
      finish: { output, statusCode: 401 },
    })
  })

  test.each<[status: number, isOllamas: boolean, needs: boolean]>([
    [401, true, true],
    [401, false, true],
    [403, true, true],
    [429, true, false],
    [429, false, false],
    [502, true, false],
    [502, false, true],
    [503, true, false],
    [503, false, true],
    [504, false, true],
  ])('%i, from Ollama itself: %s, needs a probe of the target: %s', (status, isOllamas, needs) => {
    expect(needsProbe(provisional(status, isOllamas))).toBe(needs)
  })

  test('is the only ending that needs a probe', () => {
    const others = [
      answered(503, 'whole'),
      brokeOff(true),
      brokeOff(false),
      stalled,
      tookTooLong,
      cancelled,
      shutdown,
    ]
    expect(others.map(needsProbe)).toEqual(others.map(() => false))
  })
})

describe('the pause before the next attempt', () => {
  const pauses = (ending: Ending, probe?: TargetProbe) =>
    Array.from({ length: 8 }, (_, failedAttempts) => {
      const verdict = judge(
        ending,
        { ...job, attempt: failedAttempts + 1, failedAttempts, maxAttempts: 100 },
        probe,
      )
      return verdict.kind === 'release' ? verdict.delayMs : undefined
    })

  test('grows, up to a minute', () => {
    expect(pauses(brokeOff(true))).toEqual([500, 2_000, 8_000, 32_000, 60_000, 60_000, 60_000, 60_000])
    expect(pauses(provisional(503, true))).toEqual(pauses(brokeOff(true)))
  })

  test.each<[ending: Ending, probe: TargetProbe | undefined]>([
    [brokeOff(true), undefined],
    [stalled, undefined],
    [provisional(503, true), undefined],
    [provisional(504, false), 'there'],
  ])('is never longer than the longest delay (%j)', (ending, probe) => {
    expect(pauses(ending, probe).filter(pause => pause !== undefined && pause > MAX_BACKOFF_MS)).toEqual([])
  })
})
