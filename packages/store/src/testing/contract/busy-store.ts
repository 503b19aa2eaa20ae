import { newToken } from '../../ids.ts'
import type { Claim, DueDelivery, OutputCursor, Submitted } from '../../values.ts'
import { appendOutput, runningJob, submitJob } from '../jobs.ts'
import type { Engine, TestedStore } from './engine.ts'
import { ending, submitAll } from './look.ts'

export interface BusyStore extends TestedStore {
  /** A job that has ended, with its output. */
  readonly ended: Submitted
  /** A job of the group `a`, and the only one of that group that waits. */
  readonly waiting: Submitted
  /** A job that runs, in the group `running`. */
  readonly claim: Claim
  readonly cursor: OutputCursor
  readonly message: DueDelivery
}

/** A store with jobs in every state, so that each verb has work to do. */
export const createBusyStore = async (engine: Engine): Promise<BusyStore> => {
  const tested = await engine.create()
  const { store } = tested
  const { claim: delayed } = await runningJob(store, { groupKey: 'delayed' })
  await store.runs.release(delayed, { code: 'stall', spent: true, availableAt: 5_000 }, ending(1_000))
  const { job: ended, claim: own } = await runningJob(store, { groupKey: 'ended' })
  const output = { head: { status: 200, headers: [] }, body: Buffer.from('x') }
  const after = await appendOutput(store, own, output)
  await store.runs.finish(own, { state: 'succeeded', answerAttempt: 1 }, ending(1_000, 1_000))
  await store.submissions.delivered(ended, 1_000)
  const [waiting] = await submitAll(store, [{ groupKey: 'a' }, { groupKey: 'b' }, { groupKey: 'c' }])
  const webhook = { url: 'http://a.example/', events: ['job.queued'] } as const
  await submitJob(store, { webhook, deadlineAt: 90_000, groupKey: 'd' })
  await submitJob(store, { gateway: 'g1', groupKey: 'e' })
  await store.gateways.heartbeat('g1')
  const { claim } = await runningJob(store, { groupKey: 'running' })
  const due = { host: 'a.example', caller: 'default', now: 9_000, limit: 2 }
  const [message] = await store.deliveries.due(due)
  const cursor = { attempt: 1, token: own.token, after }
  return { ...tested, ended, waiting: waiting!, claim, cursor, message: message! }
}

export const claimOf = (groupKey: string) => ({
  groupKey,
  priority: 1,
  token: newToken(),
  upTo: 2,
  isIdle: true,
  reason: 'first' as const,
  turnStartedAt: 1_000,
})
