import { describe, expect, test } from 'vitest'
import {
  type Attempt,
  type Ending,
  isProvisional,
  judge,
  MAX_DELAY_MS,
  needsProbe,
  type TargetProbe,
  type Verdict,
} from './verdict.ts'

/** The first attempt at a job that streams and has brought nothing yet. */
const job: Attempt = {
  attempt: 1,
  failedAttempts: 0,
  maxAttempts: 3,
  answerAttempt: null,
  streaming: true,
  hasOutput: false,
}
const withOutput: Attempt = { ...job, hasOutput: true }
const waitsForAll: Attempt = { ...job, streaming: false }
const waitsWithOutput: Attempt = { ...waitsForAll, hasOutput: true }
const lastAttempt: Attempt = { ...job, attempt: 3, failedAttempts: 2 }
const afterAnswer: Attempt = { ...job, attempt: 2, failedAttempts: 1, answerAttempt: 1 }

const answer = { head: { status: 503, headers: [] }, body: Buffer.from('{"error":"busy"}') }
const provisional = (status: number, isOllamas: boolean): Ending => ({
  kind: 'provisional',
  status,
  isOllamas,
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
const cancelled: Ending = { kind: 'stopped', why: 'cancelled' }
const shutdown: Ending = { kind: 'stopped', why: 'shutdown' }

/** A verdict in short: what becomes of the job, under which code, with which attempt as its answer. */
const short = (verdict: Verdict): string => {
  if (verdict.kind === 'finish') {
    const { state, errorCode = '', answerAttempt, errorMessage } = verdict.finish
    const told = errorMessage === undefined ? '' : ' told'
    return `${state} ${errorCode} answer=${answerAttempt}${told}`.replace('  ', ' ')
  }
  const { code, spent } = verdict.release
  return `again ${code} ${spent ? 'spent' : 'free'} after ${verdict.delayMs}${verdict.targetIsAway === undefined ? '' : ' away'}`
}

describe('an answer that came in full', () => {
  test.each<[what: string, ending: Ending, attempt: Attempt, verdict: string]>([
    ['whole', answered(200, 'whole'), withOutput, 'succeeded answer=1'],
    ['whole, to a caller that waits', answered(200, 'whole'), waitsWithOutput, 'succeeded answer=1'],
    [
      'whole, at a later attempt',
      answered(200, 'whole'),
      { ...afterAnswer, hasOutput: true },
      'succeeded answer=2',
    ],
    [
      'whole, whatever the attempts before',
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
      'cut short, and streamed: the caller is told',
      answered(200, 'cut_short'),
      withOutput,
      'failed cut_short answer=1 told',
    ],
    [
      'cut short, with nothing sent: the caller is told',
      answered(200, 'cut_short'),
      job,
      'failed cut_short answer=null told',
    ],
    [
      "cut short, to a caller that waits: the half of it is nobody's answer",
      answered(200, 'cut_short'),
      waitsWithOutput,
      'failed cut_short answer=null told',
    ],
    [
      'cut short, with an answer from before',
      answered(200, 'cut_short'),
      { ...afterAnswer, streaming: false, hasOutput: true },
      'failed cut_short answer=1 told',
    ],
    [
      'cut short is final, however few the attempts',
      answered(200, 'cut_short'),
      { ...withOutput, maxAttempts: 10 },
      'failed cut_short answer=1 told',
    ],
  ])('%s', (_what, ending, attempt, verdict) => {
    expect(short(judge(ending, attempt))).toBe(verdict)
  })

  test('has its status noted', () => {
    expect(judge(answered(200, 'whole'), job)).toMatchObject({ finish: { statusCode: 200 } })
    expect(judge(answered(404, 'whole'), job)).toMatchObject({ finish: { statusCode: 404 } })
  })
})

describe('an exchange that broke off', () => {
  test.each<[what: string, ending: Ending, attempt: Attempt, verdict: string]>([
    [
      'before it was connected: the target is away',
      brokeOff(false),
      job,
      'again target_away free after 0 away',
    ],
    [
      'before it was connected, at the last attempt: nothing was spent',
      brokeOff(false),
      lastAttempt,
      'again target_away free after 0 away',
    ],
    ['with nothing sent', brokeOff(true), job, 'again target_lost spent after 500'],
    [
      'with nothing sent, the second time',
      brokeOff(true),
      { ...job, attempt: 2, failedAttempts: 1 },
      'again target_lost spent after 2000',
    ],
    ['with nothing sent, the last time', brokeOff(true), lastAttempt, 'failed target_lost answer=null told'],
    [
      'in the middle of a stream: it cannot be taken back',
      brokeOff(true),
      withOutput,
      'failed target_lost answer=1 told',
    ],
    [
      'in the middle of what a caller waits for: nobody has it yet',
      brokeOff(true),
      waitsWithOutput,
      'again target_lost spent after 500',
    ],
    [
      'the last time, while a caller waits',
      brokeOff(true),
      { ...lastAttempt, streaming: false, hasOutput: true },
      'failed target_lost answer=null told',
    ],
    [
      'the last time, with an answer from before',
      brokeOff(true),
      { ...lastAttempt, answerAttempt: 2 },
      'failed target_lost answer=2 told',
    ],
    [
      'in the middle of a stream, with an answer from before',
      brokeOff(true),
      { ...afterAnswer, hasOutput: true },
      'failed target_lost answer=2 told',
    ],
    [
      'when there is one attempt only',
      brokeOff(true),
      { ...job, maxAttempts: 1 },
      'failed target_lost answer=null told',
    ],
    // After runs that were lost with their workers, or given back, the number of the attempt says nothing.
    [
      'at the fifth attempt, of which none counts',
      brokeOff(true),
      { ...job, attempt: 5 },
      'again target_lost spent after 500',
    ],
  ])('%s', (_what, ending, attempt, verdict) => {
    expect(short(judge(ending, attempt))).toBe(verdict)
  })

  test('is told of in words', () => {
    expect(judge(brokeOff(true), lastAttempt)).toMatchObject({
      finish: { errorMessage: expect.stringContaining('ECONNRESET') as string },
    })
    expect(judge(brokeOff(false), job)).toMatchObject({ targetIsAway: 'ECONNRESET' })
  })
})

describe('a watchdog', () => {
  test.each<[what: string, ending: Ending, attempt: Attempt, verdict: string]>([
    ['for the whole attempt', tookTooLong, job, 'again job_timeout spent after 500'],
    ['for the whole attempt, the last time', tookTooLong, lastAttempt, 'failed job_timeout answer=null told'],
    ['for the whole attempt, in a stream', tookTooLong, withOutput, 'failed job_timeout answer=1 told'],
    ['for silence, with nothing sent', stalled, job, 'again stall spent after 500'],
    ['for silence, in a stream', stalled, withOutput, 'failed stall answer=1 told'],
    ['for silence, while a caller waits', stalled, waitsWithOutput, 'again stall spent after 500'],
    [
      'for silence, while a caller waits, the last time',
      stalled,
      { ...lastAttempt, streaming: false, hasOutput: true },
      'failed stall answer=null told',
    ],
  ])('%s', (_what, ending, attempt, verdict) => {
    expect(short(judge(ending, attempt))).toBe(verdict)
  })
})

describe('a request that cannot be sent', () => {
  test('fails at once, and its caller is told why', () => {
    expect(short(judge({ kind: 'unsendable', message: 'bad header' }, job))).toBe(
      'failed unsendable answer=null told',
    )
  })
})

describe('a run that foreman cut off', () => {
  test.each<[what: string, ending: Ending, attempt: Attempt, verdict: string]>([
    ['for a caller that left', cancelled, job, 'cancelled cancelled answer=null'],
    ['for a caller that left with half of it', cancelled, withOutput, 'cancelled cancelled answer=null'],
    [
      'for a caller that left, with an answer from before',
      cancelled,
      afterAnswer,
      'cancelled cancelled answer=null',
    ],
    ['to stop', shutdown, job, 'again worker_stopped free after 0'],
    ['to stop, at the last attempt', shutdown, lastAttempt, 'again worker_stopped free after 0'],
    ['to stop, while a caller waits', shutdown, waitsWithOutput, 'again worker_stopped free after 0'],
    ['to stop, in a stream', shutdown, withOutput, 'failed worker_stopped answer=1 told'],
  ])('%s', (_what, ending, attempt, verdict) => {
    expect(short(judge(ending, attempt))).toBe(verdict)
  })
})

describe('an answer that was held back', () => {
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
  ])('is one with status %i: %s', (status, expected) => {
    expect(isProvisional(status)).toBe(expected)
  })

  test.each<
    [status: number, isOllamas: boolean, presence: TargetProbe | undefined, attempt: Attempt, verdict: string]
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
    // Somebody in front of it says that it is not there.
    [502, false, 'gone', job, 'again target_away free after 0 away'],
    [503, false, 'gone', lastAttempt, 'again target_away free after 0 away'],
    [504, false, 'refuses_credentials', job, 'again target_away free after 0 away'],
    // It does not take foreman's credentials.
    [401, false, 'refuses_credentials', job, 'again target_away free after 0 away'],
    [403, true, 'refuses_credentials', lastAttempt, 'again target_away free after 0 away'],
    [401, true, 'gone', job, 'again target_away free after 0 away'],
    // It takes them, and refuses this request.
    [401, true, 'there', job, 'failed http_error answer=1'],
    [401, false, 'there', job, 'failed http_error answer=1'],
    [403, false, 'there', afterAnswer, 'failed http_error answer=2'],
  ])('%i, of Ollama itself: %s, the target: %s', (status, isOllamas, presence, attempt, verdict) => {
    expect(short(judge(provisional(status, isOllamas), attempt, presence))).toBe(verdict)
  })

  test.each([502, 503, 504])(
    '%i by somebody in front of a target that is there does not hold up the others',
    status => {
      const verdict = judge(provisional(status, false), job, 'there')
      expect(verdict).not.toHaveProperty('targetIsAway')
      expect(verdict).toMatchObject({ kind: 'release', delayMs: expect.any(Number) as number })
      expect(verdict.kind === 'release' && verdict.delayMs).toBeGreaterThan(0)
    },
  )

  test.each([502, 503, 504])(
    '%i by somebody in front of a target that is there is no endless matter',
    status => {
      let failedAttempts = 0
      let verdict: Verdict | undefined
      for (let attempt = 1; attempt <= 100 && verdict?.kind !== 'finish'; attempt++) {
        verdict = judge(provisional(status, false), { ...job, attempt, failedAttempts }, 'there')
        if (verdict.kind === 'release' && verdict.release.spent) failedAttempts++
      }
      expect(verdict).toMatchObject({
        kind: 'finish',
        finish: { state: 'failed', statusCode: status, provisional: answer },
      })
    },
  )

  test('is kept with the job, as the best so far or as the last word', () => {
    expect(judge(provisional(503, true), job)).toMatchObject({ release: { provisional: answer } })
    expect(judge(provisional(503, true), lastAttempt)).toMatchObject({
      finish: { provisional: answer, statusCode: 503 },
    })
    expect(judge(provisional(401, true), job, 'there')).toMatchObject({
      finish: { provisional: answer, statusCode: 401 },
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
  ])('%i, of Ollama itself: %s, needs a look at the target: %s', (status, isOllamas, needs) => {
    expect(needsProbe(provisional(status, isOllamas))).toBe(needs)
  })

  test('is the only ending that needs one', () => {
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
  const pauses = (ending: Ending, presence?: TargetProbe) =>
    Array.from({ length: 8 }, (_, failedAttempts) => {
      const verdict = judge(
        ending,
        { ...job, attempt: failedAttempts + 1, failedAttempts, maxAttempts: 100 },
        presence,
      )
      return verdict.kind === 'release' ? verdict.delayMs : undefined
    })

  test('grows, up to a minute', () => {
    expect(pauses(brokeOff(true))).toEqual([500, 2_000, 8_000, 32_000, 60_000, 60_000, 60_000, 60_000])
    expect(pauses(provisional(503, true))).toEqual(pauses(brokeOff(true)))
  })

  test.each<[ending: Ending, presence: TargetProbe | undefined]>([
    [brokeOff(true), undefined],
    [stalled, undefined],
    [provisional(503, true), undefined],
    [provisional(504, false), 'there'],
  ])('is never longer than what the queue takes for a delay (%j)', (ending, presence) => {
    expect(pauses(ending, presence).filter(pause => pause !== undefined && pause > MAX_DELAY_MS)).toEqual([])
  })
})
