import { describe, expect, test } from 'vitest'
import type { Store } from '../../contract.ts'
import type { Agenda } from '../../values.ts'
import { runningJob, submitJob } from '../jobs.ts'
import type { Engine } from './engine.ts'
import { ending } from './look.ts'

const NOTHING: Agenda = {
  hasCancelRequests: false,
  hasDeadlines: false,
  hasDelayed: false,
  isSteered: false,
  suspectedAt: undefined,
}

/** What puts something on the agenda. Returns what takes it off again, if anything does. */
type Case = readonly [
  what: string,
  begin: (store: Store) => Promise<(() => Promise<unknown>) | undefined>,
  entry: Partial<Agenda>,
]

const cases: readonly Case[] = [
  [
    'a running job that is to be cancelled',
    async store => {
      const { job, claim } = await runningJob(store)
      await store.submissions.cancel(job, ending(2_000))
      return () => store.runs.finish(claim, { state: 'cancelled', answerAttempt: null }, ending(3_000))
    },
    { hasCancelRequests: true },
  ],
  [
    'a queued job with a deadline',
    async store => {
      const job = await submitJob(store, { deadlineAt: 9_000 })
      return () => store.submissions.cancel(job, ending(2_000))
    },
    { hasDeadlines: true },
  ],
  [
    'a delayed job',
    async store => {
      const { claim } = await runningJob(store)
      await store.runs.release(claim, { code: 'stall', spent: true, availableAt: 9_000 }, ending(1_000))
      return () => store.queue.promoteDue({ now: 9_000, maxDelayMs: 60_000 })
    },
    { hasDelayed: true },
  ],
  [
    'a hold',
    async store => {
      await store.holds.set({ kind: 'pause', by: 'ann' }, 1_000)
      return () => store.holds.release({ kind: 'pause' }, { by: 'ann' }, 2_000)
    },
    { isSteered: true },
  ],
  [
    'an operation that is not done',
    async store => {
      await store.operations.ask({ by: 'ann', action: 'end_turn' }, 1_000)
      const asked = await store.operations.asked('end_turn')
      return () => store.operations.end(asked!.id, { state: 'done', done: 1 }, 3_000)
    },
    { isSteered: true },
  ],
  [
    'a suspicion',
    async store => {
      await store.target.suspect(2_000)
      return undefined
    },
    { suspectedAt: 2_000 },
  ],
]

export const agendaContract = (engine: Engine): void => {
  describe('the agenda of the worker', () => {
    test('has nothing on it, whatever is ready or runs', async () => {
      const { store } = await engine.create()
      expect(await store.queue.agenda()).toEqual(NOTHING)
      await runningJob(store)
      await submitJob(store)
      expect(await store.queue.agenda()).toEqual(NOTHING)
    })

    test.each(cases)('has %s on it as long as there is one', async (_what, begin, entry) => {
      const { store } = await engine.create()
      const end = await begin(store)
      expect(await store.queue.agenda()).toEqual({ ...NOTHING, ...entry })
      if (!end) return
      await end()
      expect(await store.queue.agenda()).toEqual(NOTHING)
    })
  })
}
