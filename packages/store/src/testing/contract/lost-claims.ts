import { describe, expect, test } from 'vitest'
import { JobLostError } from '../../errors.ts'
import type { Claim, Finish } from '../../values.ts'
import { appendOutput, claimNext, runningJob } from '../jobs.ts'
import type { Engine, TestedStore } from './engine.ts'
import { ending, everything, stateOf, upkeep } from './look.ts'

const head = { status: 200, headers: [['Content-Type', 'application/x-ndjson']] as const }
const provisional = { head: { status: 503, headers: [['A', 'b']] as const }, body: Buffer.from('busy') }
const output = { head: provisional.head, body: [provisional.body] }
const succeeded: Finish = { state: 'succeeded', answerAttempt: 1, statusCode: 200 }
const webhook = {
  url: 'http://a.example/',
  events: ['job.progress', 'job.retrying', 'job.succeeded', 'job.failed'],
} as const

interface Losing {
  readonly tested: TestedStore
  readonly claim: Claim
  /** The id of the last entry that the run has appended. */
  readonly after: number
}

type Act = (losing: Losing) => Promise<unknown>

const acts = {
  append: ({ tested, claim, after }) =>
    tested.store.runs.append(claim, { after, head, body: [Buffer.from('x')] }),
  'append its first output': ({ tested, claim }) => tested.store.runs.append(claim, { after: 0, head }),
  'note its progress': ({ tested, claim }) => tested.store.runs.progress(claim, { tokens: 9, now: 9_000 }),
  finish: ({ tested, claim }) =>
    tested.store.runs.finish(claim, { ...succeeded, state: 'failed', output }, ending(9_000)),
  release: ({ tested, claim }) =>
    tested.store.runs.release(claim, { code: 'target_busy', spent: true, provisional }, ending(9_000)),
} satisfies Record<string, Act>

type What = keyof typeof acts
const whats = Object.keys(acts) as What[]

const losses: [how: string, lose: Act][] = [
  ['was requeued', ({ tested }) => tested.store.runs.requeueLost(ending(2_000))],
  [
    'was requeued and claimed anew',
    async ({ tested: { store } }) => {
      await store.runs.requeueLost(ending(2_000))
      await claimNext(store, 'm', 2_000)
    },
  ],
  [
    'was released',
    ({ tested, claim }) =>
      tested.store.runs.release(claim, { code: 'target_away', spent: false }, ending(2_000)),
  ],
  ['has ended', ({ tested, claim }) => tested.store.runs.finish(claim, succeeded, ending(2_000))],
  [
    'has been deleted',
    async ({ tested: { store }, claim }) => {
      await store.runs.finish(claim, succeeded, ending(2_000, 0))
      await upkeep(store, 2_000)
    },
  ],
]

/** A release that finds its job back in the queue may be the repetition of a call whose answer was lost. */
const mayBeRepetition = (what: What, how: string): boolean =>
  what === 'release' && ['was released', 'was requeued'].includes(how)

export const lostClaimsContract = (engine: Engine): void => {
  const losing = async (): Promise<Losing> => {
    const tested = await engine.create()
    const { claim } = await runningJob(tested.store, { webhook, streaming: false })
    const after = await appendOutput(tested.store, claim, { head, body: Buffer.from('before') })
    return { tested, claim, after }
  }

  describe('a run that has lost its job', () => {
    test.each(
      losses.flatMap(([how, lose]) =>
        whats.filter(what => !mayBeRepetition(what, how)).map(what => [what, how, lose] as const),
      ),
    )('cannot %s when the job %s, and changes nothing', async (what, _how, lose) => {
      const lost = await losing()
      await lose(lost)
      const before = await everything(lost.tested)
      await expect(acts[what](lost)).rejects.toThrow(JobLostError)
      expect(await everything(lost.tested)).toEqual(before)
    })

    test.each(losses.filter(([how]) => mayBeRepetition('release', how)))(
      'changes nothing by a release when the job %s',
      async (_how, lose) => {
        const lost = await losing()
        await lose(lost)
        const before = await everything(lost.tested)
        expect(await acts.release(lost)).toBe('queued')
        expect(await everything(lost.tested)).toEqual(before)
      },
    )

    test.each(whats)("cannot %s with another run's token", async what => {
      const own = await losing()
      const before = await everything(own.tested)
      await expect(acts[what]({ ...own, claim: { ...own.claim, token: 'another' } })).rejects.toThrow(
        JobLostError,
      )
      expect(await everything(own.tested)).toEqual(before)
    })

    test.each(losses)(
      'cannot end it or put it back when the job %s, with the token of another run',
      async (_how, lose) => {
        const lost = await losing()
        const { store } = lost.tested
        await lose(lost)
        const before = await everything(lost.tested)
        const run = { ...lost.claim, token: 'another' }
        await expect(store.runs.finish(run, succeeded, ending(9_000))).rejects.toThrow(JobLostError)
        const release = store.runs.release(run, { code: 'stall', spent: true }, ending(9_000))
        await expect(release).rejects.toThrow(JobLostError)
        expect(await everything(lost.tested)).toEqual(before)
      },
    )

    test.each(whats)('cannot %s with the token of a run of another job', async what => {
      const own = await losing()
      const { claim: other } = await runningJob(own.tested.store, { groupKey: 'other' })
      const before = await everything(own.tested)
      await expect(acts[what]({ ...own, claim: { ...own.claim, token: other.token } })).rejects.toThrow(
        JobLostError,
      )
      expect(await everything(own.tested)).toEqual(before)
    })

    test('does not keep the run that has the job now from going on', async () => {
      const { tested, claim } = await losing()
      const { store } = tested
      await store.runs.requeueLost(ending(2_000))
      const now = (await claimNext(store, 'm', 2_000))!
      await expect(store.runs.finish(claim, succeeded, ending(3_000))).rejects.toThrow(JobLostError)
      await appendOutput(store, now, { head, body: Buffer.from('now') })
      await store.runs.finish(now, { ...succeeded, answerAttempt: 2 }, ending(3_000))
      expect(await stateOf(store, claim)).toBe('succeeded')
    })
  })
}
