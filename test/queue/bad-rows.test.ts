import type { Job } from '@foreman/foreman-client'
import { startSim } from '@foreman/ollama-sim'
import Database from 'better-sqlite3'
import { describe, expect, onTestFinished, test } from 'vitest'
import { startForeman } from '../harness/foreman.ts'
import { startWorkerProcess } from '../harness/processes.ts'
import { webhookVariables } from '../harness/receiver.ts'
import { post, send } from '../harness/request.ts'
import { until } from '../harness/until.ts'

const setUp = async () => {
  const sim = await startSim()
  onTestFinished(() => sim.close())
  const foreman = await startForeman({ target: sim.url, worker: false, variables: webhookVariables })
  const submit = async (more: object = {}) => {
    const request = { model: 'alpha', prompt: 'go on', options: { num_predict: 1 } }
    const { text } = await post(foreman.url, '/jobs', { request, metadata: {}, ...more })
    return (JSON.parse(text) as Job).id
  }
  /** Changes the queue file behind the back of foreman. */
  const damage = (sql: string) => {
    const db = new Database(foreman.dbPath)
    db.exec(sql)
    db.close()
  }
  const startWorker = () => foreman.startWorker({ FOREMAN_CONCURRENCY: '2' })
  /** Starts a worker that is a process of its own, for the sake of its log. */
  const startProcess = () =>
    startWorkerProcess({ FOREMAN_OLLAMA_URL: sim.url, FOREMAN_DB_PATH: foreman.dbPath })
  const list = async () => {
    const { body } = await send(foreman.url, { method: 'GET', path: '/jobs?limit=100' })
    return (JSON.parse(body.toString()) as { jobs: Job[] }).jobs
  }
  const states = async () => new Map((await list()).map(({ id, state }) => [id, state]))
  const allEnd = () =>
    until(async () => [...(await states()).values()].every(s => /succeeded|failed/.test(s)))
  return { foreman, submit, damage, startWorker, startProcess, list, states, allEnd }
}

const OF_FIRST = 'WHERE job_seq = 1'

describe('a row of a job that is damaged', () => {
  test.each<[what: string, sql: string]>([
    ['headers that are not JSON', `UPDATE job_requests SET headers = '[["a' ${OF_FIRST}`],
    ['headers of another shape', `UPDATE job_requests SET headers = '{"a":1}' ${OF_FIRST}`],
    ['headers that are null', `UPDATE job_requests SET headers = 'null' ${OF_FIRST}`],
    ['a number of attempts that cannot grow', 'UPDATE jobs SET attempt = 9223372036854775807 WHERE seq = 1'],
    ['a request that is gone', `DELETE FROM job_requests ${OF_FIRST}`],
  ])(
    '(%s) fails its job as internal_error, with a stack in the log; the others go on',
    async (_what, sql) => {
      const { foreman, submit, damage, startProcess, states, allEnd } = await setUp()
      const [bad, ...good] = [await submit(), await submit(), await submit()]
      damage(sql)
      const worker = startProcess()
      await allEnd()
      expect(await states()).toEqual(
        new Map([[bad, 'failed'], ...good.map(id => [id, 'succeeded'] as const)]),
      )
      expect(await foreman.store.records.byId(bad)).toMatchObject({ errorCode: 'internal_error' })
      expect(worker.output()).toMatch(/"stack":"[^"]*at /)
    },
  )

  test.each<[what: string, sql: string]>([
    ['metadata that are not JSON', `UPDATE job_details SET metadata = '{"a' ${OF_FIRST}`],
    ['webhook events that are not JSON', `UPDATE job_details SET webhook_events = '[' ${OF_FIRST}`],
    ['a webhook that is no URL', `UPDATE job_details SET webhook_url = 'nowhere' ${OF_FIRST}`],
    ['a time that no clock has', 'UPDATE jobs SET created_at = 9223372036854775807 WHERE seq = 1'],
    ['a delay without end', 'UPDATE jobs SET available_at = 9223372036854775807 WHERE seq = 1'],
    ['a count that cannot grow', 'UPDATE jobs SET lost_count = 9223372036854775807'],
    ['an attempt that JavaScript cannot count', 'UPDATE jobs SET attempt = 9007199254740993 WHERE seq = 1'],
    ['load options that are not JSON', `UPDATE jobs SET load_options = '{' WHERE seq = 1`],
    ['a priority that there is not', 'UPDATE jobs SET priority = 99 WHERE seq = 1'],
    ['a group of its own without a name', `UPDATE jobs SET group_key = '' WHERE seq = 1`],
  ])('(%s) keeps no job from its end and no list from its caller', async (_what, sql) => {
    const { submit, damage, startWorker, list, allEnd } = await setUp()
    const webhook = { url: 'http://127.0.0.1:9/', events: ['job.queued', 'job.started', 'job.succeeded'] }
    for (let job = 0; job < 3; job++) await submit({ webhook })
    damage(sql)
    expect(await list()).toHaveLength(3)
    startWorker()
    await allEnd()
    expect((await list()).map(({ state }) => state)).toEqual(Array(3).fill('succeeded'))
  })
})

test('many damaged jobs in front of a good one do not keep it waiting', async () => {
  const { submit, damage, startWorker, states, allEnd } = await setUp()
  for (let job = 0; job < 50; job++) await submit()
  damage(`UPDATE job_requests SET headers = '['`)
  const good = await submit()
  startWorker()
  await allEnd()
  expect([...(await states())].filter(([, state]) => state === 'succeeded')).toEqual([[good, 'succeeded']])
})

test('damaged lines of the log end only the streams of their job', async () => {
  const { foreman, submit, damage, startWorker, allEnd } = await setUp()
  const [bad, good] = [await submit(), await submit()]
  startWorker()
  await allEnd()
  damage(`UPDATE job_log SET bytes = x'7b' WHERE job_seq = 1 AND kind <> 'body'`)
  const read = (id: string, view: string) =>
    send(foreman.url, { method: 'GET', path: `/jobs/${id}/${view}` }).catch(() => ({
      status: 0,
      complete: false,
    }))
  for (const view of ['events', 'stream']) {
    expect((await read(bad, view)).status === 200 && (await read(bad, view)).complete).toBe(false)
    expect(await read(good, view)).toMatchObject({ status: 200, complete: true })
  }
})
