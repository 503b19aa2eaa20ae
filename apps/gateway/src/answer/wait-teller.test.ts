import type { Prospect } from '@foreman/job-view'
import { pino } from 'pino'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { WaitTeller } from './wait-teller.ts'

const SECOND_MS = 1_000
const WHILE_MS = 60 * SECOND_MS

beforeEach(() => void vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] }))
afterEach(() => void vi.useRealTimers())

const prospect = (text: string): Prospect => ({
  position: 0,
  start: undefined,
  why: { code: 'behind_in_line', text },
  now: 0,
})

/** A job that waits, and whose prospect is the next one each time, and then stays the last one. */
const wait = (...texts: readonly (string | undefined)[]) => {
  const rest = [...texts]
  const bySeq = vi.fn<() => Promise<Prospect | undefined>>(async () => {
    const text = rest.length > 1 ? rest.shift() : rest[0]
    return text === undefined ? undefined : prospect(text)
  })
  const shown: string[] = []
  const out = {
    showsWait: true,
    show: vi.fn<(prospect: Prospect) => void>(({ why }) => void shown.push(why.text)),
  }
  const job = { isWaiting: true }
  const teller = new WaitTeller(
    out,
    { seq: 1, id: 'job_1' },
    {
      forecaster: { bySeq },
      logger: pino({ enabled: false }),
      isWaiting: () => job.isWaiting,
    },
  )
  const pass = (ms: number) => vi.advanceTimersByTimeAsync(ms)
  return { teller, out, job, bySeq, shown, pass }
}

test('the first words come after a second, and others at most every five seconds', async () => {
  const { pass, shown } = wait('3rd', '2nd', '1st')
  await pass(999)
  expect(shown).toEqual([])
  await pass(1)
  expect(shown).toEqual(['3rd'])
  await pass(4_999)
  expect(shown).toEqual(['3rd'])
  await pass(1)
  expect(shown).toEqual(['3rd', '2nd'])
  await pass(5_000)
  expect(shown).toEqual(['3rd', '2nd', '1st'])
})

test('the same words are not shown twice, and an estimate is made every five seconds', async () => {
  const { pass, shown, bySeq } = wait('3rd')
  await pass(WHILE_MS)
  expect(shown).toEqual(['3rd'])
  expect(bySeq).toHaveBeenCalledTimes(12)
})

test('nothing is estimated while a job runs, and words go on when it waits again', async () => {
  const { job, pass, shown, bySeq } = wait('3rd', 'again')
  await pass(SECOND_MS)
  job.isWaiting = false
  await pass(WHILE_MS)
  expect(bySeq).toHaveBeenCalledTimes(1)
  job.isWaiting = true
  await pass(WHILE_MS)
  expect(shown).toEqual(['3rd', 'again'])
})

test('nothing is shown of a job of which nothing is foretold, and of one that starts meanwhile', async () => {
  const { job, pass, shown, bySeq } = wait(undefined, '3rd')
  await pass(SECOND_MS)
  bySeq.mockImplementationOnce(async () => {
    job.isWaiting = false
    return prospect('3rd')
  })
  await pass(WHILE_MS)
  expect(shown).toEqual([])
})

test('an estimate that fails, and words that cannot be sent, are tried again', async () => {
  const { out, pass, shown, bySeq } = wait('3rd')
  bySeq.mockRejectedValueOnce(new Error('the queue cannot be read'))
  out.show.mockImplementationOnce(() => {
    throw new Error('a fault')
  })
  await pass(WHILE_MS)
  expect(shown).toEqual(['3rd'])
})

test('without a place for words, no time is kept', async () => {
  const { out, pass, bySeq } = wait('3rd', '2nd')
  await pass(SECOND_MS)
  out.showsWait = false
  await pass(5_000)
  expect(vi.getTimerCount()).toBe(0)
  expect(bySeq).toHaveBeenCalledTimes(1)
})

test('a teller that was stopped shows nothing more, also what it was about to', async () => {
  const { teller, pass, shown, bySeq } = wait('3rd')
  bySeq.mockImplementationOnce(async () => {
    teller.stop()
    return prospect('3rd')
  })
  await pass(WHILE_MS)
  expect([shown, vi.getTimerCount()]).toEqual([[], 0])
})
