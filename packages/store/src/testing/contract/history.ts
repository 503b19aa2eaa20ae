import type { EndState } from '@foreman/jobs'
import { describe, expect, test } from 'vitest'
import type { Store } from '../../contract.ts'
import { newJobId } from '../../ids.ts'
import { claimNext, newJob, runningJob, submitJob } from '../jobs.ts'
import type { Engine } from './engine.ts'
import { ending } from './look.ts'

const request = { now: 9_000, fits: 1, loadMsOf: () => 40_000 }

const countAll = async (store: Store): Promise<void> => {
  while (await store.history.count(request));
}

/** The sum of a tally over all its labels. */
const tally = async (store: Store, name: string): Promise<number> => {
  const rows = (await store.history.tallies()).filter(row => row.name === name && row.part !== 'sum')
  return rows.reduce((sum, { value }) => sum + value, 0)
}

const finished = { state: 'succeeded', answerAttempt: 1, statusCode: 200 } as const

const always = { from: 0, until: 1e12 }

export const historyContract = (engine: Engine): void => {
  describe('what happened', () => {
    test('is counted once, whoever counts and however often', async () => {
      const { store, open } = await engine.create()
      await submitJob(store)
      const { claim } = await runningJob(store, { groupKey: 'other' })
      await store.runs.finish(claim, finished, ending(4_000))
      expect(await store.history.isDue()).toBe(true)
      await countAll(store)
      await countAll(await open())
      expect(await store.history.isDue()).toBe(false)
      const counts = await Promise.all(
        ['jobs_submitted', 'jobs_finished', 'choices', 'job_wait'].map(name => tally(store, name)),
      )
      expect(counts).toEqual([2, 1, 1, 1])
    })

    test('does not count the jobs of an arrival before it is accepted', async () => {
      const { store } = await engine.create()
      const arrival = await store.submissions.arrivals.begin(1_000)
      const jobs = [newJob(), newJob()]
      const [first] = await store.submissions.arrivals.add({
        arrival,
        jobs,
        groupKeyOf: () => 'm',
        now: 1_000,
      })
      await countAll(store)
      expect(await tally(store, 'jobs_submitted')).toBe(0)
      await store.submissions.arrivals.accept(arrival, { jobs: 2, parts: 0, witness: first!.seq })
      expect(await store.history.isDue()).toBe(true)
      await countAll(store)
      expect(await tally(store, 'jobs_submitted')).toBe(2)
    })

    test('names a model that the target does not have as another one', async () => {
      const { store } = await engine.create()
      await store.catalogue.replaceModels([{ name: 'm', digest: 'd', remote: false }])
      for (const [modelName, groupKey] of [
        ['m', 'm'],
        ['misspelt', 'x'],
      ] as const) {
        await submitJob(store, { modelName, groupKey })
        await claimNext(store, groupKey, 2_000)
      }
      await countAll(store)
      const waits = (await store.history.tallies()).filter(
        ({ name, part }) => name === 'job_wait' && part === 'sum',
      )
      expect(waits.map(({ labels }) => (JSON.parse(labels) as { model: string }).model)).toEqual([
        'm',
        'other',
      ])
    })

    test('adds to the turn and the minute of each job', async () => {
      const { store } = await engine.create()
      const { claim } = await runningJob(store, { caller: 'ann' }, 61_000)
      await store.runs.finish(claim, { ...finished, usage: { completionTokens: 7 } }, ending(62_500))
      await countAll(store)
      const [turn] = await store.history.turns(always, 9)
      expect(turn).toMatchObject({
        id: claim.turn,
        jobs: 1,
        tokens: 7,
        busyMs: 1_500,
        lastAt: 62_500,
        endedAt: null,
      })
      expect(await store.history.samples(always, 60_000)).toMatchObject([
        { minute: 60_000, caller: '', arrivalLoads: 1 },
        { minute: 60_000, caller: 'ann', succeeded: 1, outputTokens: 7, busyMs: 1_500 },
      ])
    })
  })

  describe('jobs that have run', () => {
    /** A job that was submitted then, and ended if it says how. */
    const jobOf = async (store: Store, at: number, state?: EndState) => {
      const job = { id: newJobId(at), modelName: `of ${at}` }
      const submitted = await submitJob(store, job, at)
      const claim = state && (await claimNext(store, 'm', at + 10))
      if (claim) await store.runs.finish(claim, { ...finished, state }, ending(at + 500))
      return submitted
    }
    const ran = async (store: Store, range = always, limit = 9) =>
      (await store.history.ran(range, limit)).map(({ createdAt }) => createdAt)

    test('are those that were submitted in a time, and ended after a start', async () => {
      const { store } = await engine.create()
      await jobOf(store, 1_000, 'succeeded')
      await jobOf(store, 9_000, 'failed')
      const waiting = await jobOf(store, 10_000)
      await store.submissions.cancel(waiting, ending(10_100))
      await jobOf(store, 11_000, 'cancelled')
      await jobOf(store, 20_000)
      expect(await ran(store)).toEqual([1_000, 9_000, 11_000])
      expect(await ran(store, always, 2)).toEqual([9_000, 11_000])
      expect(await ran(store, { from: 9_000, until: 11_000 })).toEqual([9_000])
      expect(await ran(store, { from: 30_000, until: 40_000 })).toEqual([])
    })

    test('come with their times, their turn and its load', async () => {
      const { store, openReader } = await engine.create()
      await jobOf(store, 1_000, 'succeeded')
      const [{ id: turn } = { id: 0 }] = await store.history.turns(always, 9)
      await store.history.noteLoad({ turn, model: 'm', loadMs: 200, isForeign: false }, 2_000)
      await store.history.noteLoaded(turn, 1_300)
      const reader = await openReader()
      expect(await reader.history.ran(always, 9)).toEqual([
        {
          groupKey: 'm',
          modelName: 'of 1000',
          createdAt: 1_000,
          startedAt: 1_010,
          finishedAt: 1_500,
          loadMs: null,
          turn: { id: turn, startedAt: 1_010, loadedAt: 1_300, loadMs: 200 },
        },
      ])
    })
  })

  describe('turns', () => {
    test('begin with the first job of another turn, and end the one before', async () => {
      const { store } = await engine.create()
      await submitJob(store, { groupKey: 'a', modelName: 'ma' })
      await submitJob(store, { groupKey: 'a', modelName: 'ma' })
      await submitJob(store, { groupKey: 'b', modelName: 'mb' })
      const first = await claimNext(store, 'a', 1_000, { reason: 'first', turnStartedAt: 1_000 })
      const second = await claimNext(store, 'a', 2_000, { reason: 'resident', turnStartedAt: 1_000 })
      const third = await claimNext(store, 'b', 3_000, { reason: 'overdue', turnStartedAt: 3_000 })
      expect(second?.turn).toBe(first?.turn)
      expect(await store.history.turns(always, 9)).toMatchObject([
        { id: first?.turn, groupKey: 'a', models: ['ma'], startedAt: 1_000, endedAt: 3_000, end: 'overdue' },
        {
          id: third?.turn,
          groupKey: 'b',
          models: ['mb'],
          reason: 'overdue',
          startedAt: 3_000,
          endedAt: null,
        },
      ])
    })

    test('have the models that were served beside the first one, from memory', async () => {
      const { store } = await engine.create()
      await runningJob(store, { groupKey: 'a', modelName: 'ma' })
      await submitJob(store, { groupKey: 'b', modelName: 'mb' })
      await claimNext(store, 'b', 2_000, { reason: 'resident', turnStartedAt: 1_000 })
      expect(await store.history.turns(always, 9)).toMatchObject([{ models: ['ma', 'mb'], endedAt: null }])
    })

    test('go on when their group comes back within a minute, and nobody else had one', async () => {
      const { store } = await engine.create()
      const { claim } = await runningJob(store)
      await store.runs.finish(claim, finished, ending(2_000))
      await countAll(store)
      const { claim: soon } = await runningJob(store, {}, 50_000)
      await store.runs.finish(soon, finished, ending(51_000))
      await countAll(store)
      const { claim: late } = await runningJob(store, {}, 200_000)
      expect(soon.turn).toBe(claim.turn)
      expect(await store.history.turns(always, 9)).toMatchObject([
        { id: claim.turn, endedAt: 51_000, end: 'dry', jobs: 2 },
        { id: late.turn, startedAt: 200_000 },
      ])
    })

    test('end when the queue is paused, or the target goes', async () => {
      const { store } = await engine.create()
      const { claim } = await runningJob(store)
      await store.holds.set({ kind: 'pause', by: 'ann' }, 5_000)
      expect(await store.history.turns(always, 9)).toMatchObject([{ endedAt: 5_000, end: 'paused' }])
      await store.runs.finish(claim, finished, ending(6_000))
      await countAll(store)
      expect(await store.history.turns(always, 9)).toMatchObject([{ endedAt: 6_000, jobs: 1 }])
      await store.holds.release({ kind: 'pause' }, { by: 'ann' }, 6_500)
      const { claim: next } = await runningJob(store, {}, 7_000)
      expect(next.turn).not.toBe(claim.turn)
      await store.target.note({ state: 'away', since: 8_000, reason: null })
      expect(await store.history.turns(always, 9)).toMatchObject([{}, { endedAt: 8_000, end: 'away' }])
    })

    test('of a time are those that lie in it at least in part', async () => {
      const { store } = await engine.create()
      for (const [at, group] of [
        [1_000, 'a'],
        [2_000, 'b'],
        [3_000, 'c'],
        [4_000, 'd'],
      ] as const) {
        await submitJob(store, { groupKey: group }, at)
        await claimNext(store, group, at, { reason: 'drained', turnStartedAt: at })
      }
      const groups = async (from: number, until: number, limit = 9) =>
        (await store.history.turns({ from, until }, limit)).map(({ groupKey }) => groupKey)
      expect(await groups(2_500, 3_500)).toEqual(['b', 'c'])
      expect(await groups(3_500, 9_000)).toEqual(['c', 'd'])
      expect(await groups(0, 9_000, 2)).toEqual(['c', 'd'])
    })
  })

  test('a load is counted, and noted in its turn', async () => {
    const { store } = await engine.create()
    const { claim } = await runningJob(store)
    await store.history.noteLoaded(claim.turn!, 1_500)
    await store.history.noteLoad({ turn: claim.turn, model: 'm', loadMs: 480.4, isForeign: false }, 2_000)
    await store.history.noteLoad({ turn: null, model: 'm', loadMs: 20, isForeign: true }, 3_000)
    const counts = ['loads', 'load_ms', 'foreign_loads'].map(name => tally(store, name))
    expect(await Promise.all(counts)).toEqual([2, 500, 1])
    expect(await store.history.turns(always, 9)).toMatchObject([{ loadedAt: 1_500, loadMs: 480 }])
    await store.history.noteLoaded(claim.turn!, null)
    expect(await store.history.turns(always, 9)).toMatchObject([{ loadedAt: null }])
    expect(await store.history.samples(always, 60_000)).toMatchObject([{ caller: '', loads: 2, loadMs: 500 }])
  })

  test('the times in which the target was away, and the queue paused or closed, are kept', async () => {
    const { store } = await engine.create()
    await store.target.note({ state: 'away', since: 1_000, reason: 'no route' })
    await store.target.note({ state: 'away', since: 1_500, reason: 'still none' })
    await store.target.note({ state: 'up', since: 2_000, reason: null })
    await store.holds.set({ kind: 'pause', by: 'ann', reason: 'a game', until: 2_500 }, 2_100)
    await store.holds.set({ kind: 'close', by: 'ann' }, 2_200)
    await store.holds.dropOver(2_700)
    await store.holds.release({ kind: 'close' }, { by: 'ann' }, 2_800)
    await store.target.note({ state: 'away', since: 3_000, reason: null })
    const phases = (await store.history.phases(always, 9)).map(({ kind, detail, startedAt, endedAt }) => [
      kind,
      detail,
      startedAt,
      endedAt,
    ])
    expect(phases).toEqual([
      ['away', 'no route', 1_000, 2_000],
      ['paused', 'a game', 2_100, 2_500],
      ['closed', null, 2_200, 2_800],
      ['away', null, 3_000, null],
    ])
  })

  test.each<[how: string, leave: (store: Store) => Promise<unknown>]>([
    ['has left', store => store.workers.leave('w1')],
    ['died, and another one follows soon', async () => undefined],
    ['died long ago', store => store.workers.forgetStale(100_000)],
  ])('the time in which no worker was there is kept: it %s', async (_how, leave) => {
    const { store } = await engine.create()
    const beat = (id: string, now: number) =>
      store.workers.heartbeat({ id, pid: 1, active: true, startedAt: 1_000 }, now)
    await beat('w1', 1_000)
    await beat('w1', 3_000)
    expect(await store.history.phases(always, 9)).toEqual([])
    await leave(store)
    await beat('w2', 110_000)
    await beat('w2', 112_000)
    expect(await store.history.phases(always, 9)).toMatchObject([
      { kind: 'worker_away', startedAt: 3_000, endedAt: 110_000 },
    ])
  })

  test('a look at the queue is kept in its minute', async () => {
    const { store } = await engine.create()
    await submitJob(store, {}, 10_000)
    await submitJob(store, {}, 20_000)
    await runningJob(store, { groupKey: 'other' }, 30_000)
    await store.history.sample(65_000)
    await store.history.sample(70_000)
    expect(await store.history.samples(always, 60_000)).toMatchObject([
      { minute: 60_000, caller: '', queued: 2, running: 1, oldestWaitMs: 60_000, succeeded: 0 },
    ])
  })

  test('minutes are summed up in steps that begin with the epoch', async () => {
    const { store } = await engine.create()
    for (const startedAt of [61_000, 130_000, 245_000]) {
      const { claim } = await runningJob(store, { caller: 'ann' }, startedAt)
      await store.runs.finish(claim, finished, ending(startedAt + 500))
    }
    await countAll(store)
    const samples = await store.history.samples(always, 120_000)
    expect(
      samples
        .filter(({ caller }) => caller === 'ann')
        .map(({ minute, succeeded, busyMs }) => [minute, succeeded, busyMs]),
    ).toEqual([
      [0, 1, 500],
      [120_000, 1, 500],
      [240_000, 1, 500],
    ])
    expect(
      (await store.history.samples(always, 600_000)).filter(({ caller }) => caller === 'ann'),
    ).toMatchObject([{ minute: 0, succeeded: 3, busyMs: 1_500 }])
  })

  test('what happened before a time is deleted, but for counters without a model or a caller', async () => {
    const { store } = await engine.create()
    await store.target.note({ state: 'away', since: 100, reason: null })
    await store.target.note({ state: 'up', since: 200, reason: null })
    await runningJob(store, { groupKey: 'a' })
    await submitJob(store, { groupKey: 'b' }, 2_000)
    await claimNext(store, 'b', 2_000, { reason: 'drained', turnStartedAt: 2_000 })
    await store.operations.note({ by: 'ann', action: 'pause' }, 1_000)
    await countAll(store)
    expect(await store.history.prune(10_000_000)).toBe(false)
    const [turns, phases, samples, operations] = await Promise.all([
      store.history.turns(always, 9),
      store.history.phases(always, 9),
      store.history.samples(always, 60_000),
      store.operations.list({ limit: 9 }),
    ])
    // The present turn stays.
    expect([turns.map(({ groupKey }) => groupKey), phases, samples, operations]).toEqual([['b'], [], [], []])
    expect(new Set((await store.history.tallies()).map(({ name }) => name))).toEqual(
      new Set(['choices', 'loads_in_arrival_order', 'load_ms_in_arrival_order']),
    )
  })

  test('what operators did is listed, the newest first', async () => {
    const { store } = await engine.create()
    const first = await store.operations.note({ by: 'ann', action: 'pause', reason: 'a game' }, 1_000)
    const second = await store.operations.note(
      { by: 'bob', action: 'hold', subject: 'm', detail: { a: 1 } },
      2_000,
    )
    const all = await store.operations.list({ limit: 9 })
    expect(all).toMatchObject([
      {
        id: second,
        at: 2_000,
        by: 'bob',
        action: 'hold',
        subject: 'm',
        reason: null,
        detail: { a: 1 },
        state: 'done',
      },
      { id: first, at: 1_000, by: 'ann', action: 'pause', subject: '', reason: 'a game', detail: null },
    ])
    expect(await store.operations.list({ before: second, limit: 9 })).toEqual([all[1]])
    expect(await store.operations.list({ limit: 1 })).toEqual([all[0]])
  })
}
