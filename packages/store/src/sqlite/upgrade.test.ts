import Database from 'better-sqlite3'
import { expect, test } from 'vitest'
import { ending, eventTypesOf, messagesOf, recordOf, upkeep } from '../testing/contract/look.ts'
import { appendOutput, claimNext, listJobs, submitJob } from '../testing/jobs.ts'
import { oldFile } from './testing/old-file.ts'
import { openUntilEnd } from './testing/temp-store.ts'

test('a file of the first version is migrated, and its jobs go on', async () => {
  const file = oldFile()
  const store = await openUntilEnd(file)
  expect((await listJobs(store)).map(({ id, state }) => [id, state])).toEqual([
    ['job_ended', 'succeeded'],
    ['job_running', 'running'],
    ['job_queued', 'queued'],
  ])
  expect(await store.records.byId('job_queued')).toMatchObject({
    caller: 'default',
    priority: 1,
    metadata: null,
  })
  expect(await store.runs.requeueLost(ending(3_000))).toMatchObject({ requeued: 1 })
  const urgent = await submitJob(store, { priority: 'high' }, 3_000)
  const order = []
  for (let job = 0; job < 3; job++) order.push((await claimNext(store, 'm', 3_000))?.id)
  expect(order).toEqual([urgent.id, 'job_queued', 'job_running'])
  expect(await upkeep(store, 9_000)).toBe(1)
  // A worker that opens the file looks for damage.
  await openUntilEnd(file, { role: 'worker' })
})

test('a receiver that was gone stays so for the jobs of each caller that had been submitted before', async () => {
  const file = oldFile(2)
  const url = 'http://a.example/'
  const db = new Database(file)
  db.exec(`UPDATE jobs SET caller = 'ann' WHERE id = 'job_queued';
    INSERT INTO job_details (job_seq, webhook_url, webhook_events)
      SELECT seq, '${url}', '["job.queued","job.cancelled"]' FROM jobs WHERE id <> 'job_ended';
    INSERT INTO gone_receivers (url, since) VALUES ('${url}', 1500);
    INSERT INTO webhook_deliveries (id, job_seq, event, url, host, body, state, next_attempt_at, created_at)
      VALUES ('msg_1', 1, 'job.queued', '${url}', 'a.example', '{}', 'pending', 1000, 1000)`)
  db.close()
  const store = await openUntilEnd(file)
  expect(await store.deliveries.byId('msg_1')).toMatchObject({ caller: 'ann', state: 'pending' })
  await store.submissions.cancel({ seq: 1, id: 'job_queued' }, ending(2_000))
  expect((await messagesOf(store, { seq: 1 })).map(({ event }) => event)).toEqual(['job.queued'])
  const webhook = { url, events: ['job.queued'] } as const
  for (const caller of ['ann', 'default', 'zoe']) {
    const job = await submitJob(store, { webhook, caller }, 1_200)
    expect(await messagesOf(store, job)).toHaveLength(1)
  }
})

/** The migrations before the tokens of ended claims were kept. */
const BEFORE_LAST_TOKEN = 7

test('a job that older code left running is recovered', async () => {
  const store = await openUntilEnd(oldFile(BEFORE_LAST_TOKEN), { role: 'worker' })
  const running = (await store.records.byId('job_running'))!
  expect(await store.output.view(running.seq)).toMatchObject({ state: 'running', attempt: 1, token: null })
  expect(await store.queue.claimed('token')).toMatchObject([{ seq: running.seq, token: 'token' }])
  expect(await store.runs.requeueLost(ending(3_000))).toEqual({
    requeued: 1,
    failed: 0,
    cancelled: 0,
    broken: [],
  })
  expect(await recordOf(store, running)).toMatchObject({ state: 'queued', attempt: 1, lostCount: 1 })
  expect(await eventTypesOf(store, running)).toEqual(['lost', 'released'])
  expect((await claimNext(store, 'm', 3_000))?.id).toBe('job_queued')
  const claim = (await claimNext(store, 'm', 3_000))!
  expect(claim).toMatchObject({ id: 'job_running', attempt: 2 })
  expect(await store.output.view(running.seq)).toMatchObject({ attempt: 2, token: claim.token })
})

test('a run of older code goes on in a file that newer code has migrated', async () => {
  const store = await openUntilEnd(oldFile(BEFORE_LAST_TOKEN))
  const { seq } = (await store.records.byId('job_running'))!
  const run = { seq, token: 'token', attempt: 1, isHandedOver: true }
  await appendOutput(store, run, { head: { status: 200, headers: [] }, body: Buffer.from('x') })
  await store.runs.finish(run, { state: 'succeeded', answerAttempt: 1 }, ending(3_000))
  expect((await store.output.read(seq, undefined))?.pieces).toHaveLength(2)
  expect(await recordOf(store, { seq })).toMatchObject({ state: 'succeeded' })
})

/** The migrations before the models in the target's memory were kept. */
const BEFORE_RESIDENTS = 13

test('an older file says nothing of the models in memory, until a worker does', async () => {
  const { target } = await openUntilEnd(oldFile(BEFORE_RESIDENTS))
  expect(await target.read()).toMatchObject({ state: 'unknown', residents: null })
  const residents = [{ name: 'm', groups: ['m'], bytes: 7, expiresAt: null }]
  await target.note({ residents })
  expect(await target.read()).toMatchObject({ residents })
})
