import { describe, expect, test } from 'vitest'
import { HOUR_MS, newJob, runningJob, tempStore } from './testing/temp-store.ts'

describe('the heartbeats of a gateway', () => {
  test('are counted from its first one on', () => {
    const { gateways } = tempStore().store
    expect(gateways.heartbeats()).toEqual(new Map())
    gateways.heartbeat('g1')
    gateways.heartbeat('g2')
    gateways.heartbeat('g1')
    expect(gateways.heartbeats()).toEqual(
      new Map([
        ['g1', 2],
        ['g2', 1],
      ]),
    )
  })

  test('are 0 when it has no row, but a job that has not ended', () => {
    const { store } = tempStore()
    const job = store.submissions.enqueue(newJob({ gateway: 'g1' }), 1_000)
    for (const gateway of ['g2', 'g2', 'g3']) store.submissions.enqueue(newJob({ gateway }), 1_000)
    store.gateways.heartbeat('g3')
    store.submissions.cancel(job, 1_000, HOUR_MS)
    expect(store.gateways.heartbeats()).toEqual(
      new Map([
        ['g2', 0],
        ['g3', 1],
      ]),
    )
  })
})

describe('the jobs of a gateway', () => {
  test('are those whose callers wait there, the oldest first, and no more than asked for', () => {
    const { store } = tempStore()
    const { job: running } = runningJob(store, { gateway: 'g1', groupKey: 'a' })
    store.submissions.enqueue(newJob(), 1_000)
    store.submissions.enqueue(newJob({ gateway: 'g2' }), 1_000)
    const { seq } = store.submissions.enqueue(newJob({ gateway: 'g1' }), 1_000)
    const seqs = (limit: number) => store.gateways.jobsOf('g1', limit).map(job => job.seq)
    expect(seqs(9)).toEqual([running.seq, seq])
    expect(seqs(1)).toEqual([running.seq])
  })

  test('are not those that have ended, are about to be cancelled, or have not arrived', () => {
    const { store } = tempStore()
    const { claim } = runningJob(store, { gateway: 'g1', groupKey: 'a' })
    store.runs.finish(claim, { state: 'succeeded', answerAttempt: 1 }, 1_000, 1_000)
    const { job } = runningJob(store, { gateway: 'g1', groupKey: 'b' })
    store.submissions.cancel(job, 1_000, HOUR_MS)
    const { arrivals } = store.submissions
    arrivals.add(arrivals.begin(1_000), [newJob({ gateway: 'g1' })], 1_000)
    expect(store.gateways.jobsOf('g1', 9)).toEqual([])
  })
})

test('a gateway that leaves is deleted and lets its jobs go, and other gateways keep theirs', () => {
  const { store } = tempStore()
  for (const id of ['g1', 'g2']) {
    store.gateways.heartbeat(id)
    store.submissions.enqueue(newJob({ gateway: id }), 1_000)
  }
  store.gateways.leave('g1')
  expect([...store.gateways.heartbeats().keys()]).toEqual(['g2'])
  expect(store.gateways.jobsOf('g1', 9)).toEqual([])
  expect(store.gateways.jobsOf('g2', 9)).toHaveLength(1)
  expect(store.records.queued()).toBe(2)
})

test('a gateway is forgotten once all of its jobs have ended', () => {
  const { store, rows } = tempStore()
  store.gateways.heartbeat('g1')
  store.gateways.heartbeat('g2')
  const { job, claim } = runningJob(store, { gateway: 'g1' })
  store.submissions.cancel(job, 1_000, HOUR_MS)
  store.gateways.forget('g1')
  expect(rows('SELECT id FROM gateways')).toHaveLength(2)
  store.runs.finish(claim, { state: 'cancelled', answerAttempt: null }, 1_000, HOUR_MS)
  store.gateways.forget('g1')
  expect(rows('SELECT id FROM gateways')).toEqual([{ id: 'g2' }])
})
