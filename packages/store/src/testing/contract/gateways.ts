import { describe, expect, test } from 'vitest'
import type { Store } from '../../contract.ts'
import { someFigures } from '../figures.ts'
import { listJobs, newJob, runningJob, submitJob } from '../jobs.ts'
import type { Engine } from './engine.ts'
import { ending, eventsOf, recordOf, stateOf, submitAll } from './look.ts'

const clearUp = (store: Store, id: string, limit = 9, now = 2_000) =>
  store.gateways.clearUpAfter(id, { limit, ...ending(now) })

export const gatewaysContract = (engine: Engine): void => {
  describe('the heartbeats of a gateway', () => {
    test('are counted from its first one on', async () => {
      const { gateways } = (await engine.create()).store
      expect(await gateways.heartbeats()).toEqual(new Map())
      for (const id of ['g1', 'g2', 'g1']) await gateways.heartbeat(id)
      expect(await gateways.heartbeats()).toEqual(
        new Map([
          ['g1', 2],
          ['g2', 1],
        ]),
      )
    })

    test('have what it says of itself', async () => {
      const { store, openReader } = await engine.create()
      await store.gateways.heartbeat('g1', { at: 2_000, startedAt: 1_000, figures: someFigures })
      await store.gateways.heartbeat('g1', {
        at: 3_000,
        startedAt: 1_000,
        figures: { ...someFigures, loopLagMs: 9 },
      })
      expect(await (await openReader()).overview.processes()).toEqual([
        {
          kind: 'gateway',
          id: 'g1',
          pid: null,
          active: true,
          startedAt: 1_000,
          heartbeatAt: 3_000,
          figures: { ...someFigures, loopLagMs: 9 },
        },
      ])
      expect(await store.gateways.heartbeats()).toEqual(new Map([['g1', 2]]))
    })

    test('are 0 when it has no row, but a job that has not ended', async () => {
      const { store } = await engine.create()
      const [job] = await submitAll(
        store,
        ['g1', 'g2', 'g2', 'g3'].map(gateway => ({ gateway })),
      )
      await store.gateways.heartbeat('g3')
      await store.submissions.cancel(job!, ending(1_000))
      expect(await store.gateways.heartbeats()).toEqual(
        new Map([
          ['g2', 0],
          ['g3', 1],
        ]),
      )
    })
  })

  describe('after a gateway has died', () => {
    test('its jobs are cancelled, the oldest first, and no more than asked for', async () => {
      const { store } = await engine.create()
      const { job: running } = await runningJob(store, { gateway: 'g1', groupKey: 'a' })
      const [own, others, queued, last] = await submitAll(store, [
        {},
        { gateway: 'g2' },
        { gateway: 'g1' },
        { gateway: 'g1' },
      ])
      const jobs = [running, queued!, last!, own!, others!]
      const states = () => Promise.all(jobs.map(job => stateOf(store, job)))
      expect(await clearUp(store, 'g1', 1)).toEqual({ cancelled: 1, more: true, broken: [] })
      expect(await store.runs.cancelRequests()).toEqual([running.seq])
      expect(await states()).toEqual(['running', 'queued', 'queued', 'queued', 'queued'])
      expect(await clearUp(store, 'g1', 1)).toEqual({ cancelled: 1, more: true, broken: [] })
      expect(await states()).toEqual(['running', 'cancelled', 'queued', 'queued', 'queued'])
      expect(await clearUp(store, 'g1', 9)).toEqual({ cancelled: 1, more: false, broken: [] })
      expect(await states()).toEqual(['running', 'cancelled', 'cancelled', 'queued', 'queued'])
      expect(await clearUp(store, 'g1', 9)).toEqual({ cancelled: 0, more: false, broken: [] })
    })

    test('its jobs end as cancelled jobs do', async () => {
      const { store } = await engine.create()
      const job = await submitJob(store, { gateway: 'g1' })
      await clearUp(store, 'g1')
      expect(await recordOf(store, job)).toMatchObject({
        state: 'cancelled',
        errorCode: 'cancelled',
        finishedAt: 2_000,
        expiresAt: ending(2_000).now + ending(2_000).ttlMs,
      })
      expect((await eventsOf(store, job)).at(-1)).toEqual({ type: 'cancelled', attempt: 0, at: 2_000 })
    })

    test('jobs that have ended, are about to be cancelled, or have not arrived stay as they are', async () => {
      const { store } = await engine.create()
      const { job: ended, claim } = await runningJob(store, { gateway: 'g1', groupKey: 'a' })
      await store.runs.finish(claim, { state: 'succeeded', answerAttempt: 1 }, ending(1_000))
      const { job: running } = await runningJob(store, { gateway: 'g1', groupKey: 'b' })
      await store.submissions.cancel(running, ending(1_000))
      const { arrivals } = store.submissions
      const arrival = await arrivals.begin(1_000)
      const jobs = [newJob({ gateway: 'g1' })]
      const [arriving] = await arrivals.add({ arrival, jobs, groupKeyOf: () => 'm', now: 1_000 })
      expect(await clearUp(store, 'g1')).toEqual({ cancelled: 0, more: false, broken: [] })
      const states = await Promise.all([ended, running, arriving!].map(job => stateOf(store, job)))
      expect(states).toEqual(['succeeded', 'running', 'queued'])
      expect((await recordOf(store, running)).cancelRequestedAt).toBe(1_000)
    })

    test('it is forgotten once all of its jobs have ended', async () => {
      const { store } = await engine.create()
      for (const id of ['g1', 'g2']) await store.gateways.heartbeat(id)
      const { claim } = await runningJob(store, { gateway: 'g1' })
      const known = async () => [...(await store.gateways.heartbeats()).keys()]
      await clearUp(store, 'g1')
      expect(await known()).toEqual(['g1', 'g2'])
      await store.runs.finish(claim, { state: 'cancelled', answerAttempt: null }, ending(3_000))
      await clearUp(store, 'g1')
      expect(await known()).toEqual(['g2'])
    })

    test('it is forgotten by the call that finds nothing more to cancel', async () => {
      const { store } = await engine.create()
      await store.gateways.heartbeat('g1')
      await submitJob(store, { gateway: 'g1' })
      expect(await clearUp(store, 'g1')).toMatchObject({ cancelled: 1 })
      expect(await clearUp(store, 'g1')).toMatchObject({ cancelled: 0 })
      expect(await store.gateways.heartbeats()).toEqual(new Map())
    })
  })

  test('a gateway that leaves is deleted and lets its jobs go, and other gateways keep theirs', async () => {
    const { store } = await engine.create()
    for (const gateway of ['g1', 'g2']) {
      await store.gateways.heartbeat(gateway)
      await submitJob(store, { gateway })
    }
    await store.gateways.leave('g1', 2_000)
    expect([...(await store.gateways.heartbeats()).keys()]).toEqual(['g2'])
    expect(await clearUp(store, 'g1')).toMatchObject({ cancelled: 0 })
    expect((await listJobs(store)).map(({ state }) => state)).toEqual(['queued', 'queued'])
    expect(await clearUp(store, 'g2')).toMatchObject({ cancelled: 1 })
    expect((await listJobs(store)).map(({ state }) => state)).toEqual(['cancelled', 'queued'])
  })
}
