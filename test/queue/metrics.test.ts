import { endStates, priorities } from '@foreman/jobs'
import { openReader, type Store } from '@foreman/store'
import { runningJob, submitJob } from '@foreman/store/testing'
import { describe, expect, onTestFinished, test } from 'vitest'
import { endless, startJobs } from '../harness/jobs.ts'
import { metricsAt, seriesIn } from '../harness/metrics.ts'
import { until } from '../harness/until.ts'

const ROLES = { FOREMAN_TOKENS: 'ann:a,bob:b', FOREMAN_OPERATOR_TOKEN: 'o', FOREMAN_VIEWER_TOKEN: 'v' }
const as = (token: string) => ({ authorization: `Bearer ${token}` })

test.each<[access: string, statuses: number[]]>([
  ['token', [401, 403, 200, 200]],
  ['open', [200, 200, 200, 200]],
  // The target has no such path.
  ['off', [401, 404, 403, 404]],
])('with FOREMAN_METRICS=%s, nobody, a caller, a viewer and an operator get %j', async (access, statuses) => {
  const { ask } = await startJobs({ worker: false, variables: { ...ROLES, FOREMAN_METRICS: access } })
  const answered = []
  for (const headers of [{}, as('a'), as('v'), as('o')])
    answered.push((await ask('GET', '/metrics', undefined, headers)).status)
  expect(answered).toEqual(statuses)
})

test('where there are no tokens, everybody may read the metrics, and only read them', async () => {
  const { ask } = await startJobs({ worker: false })
  const { status, headers, text } = await ask('GET', '/metrics')
  expect([status, headers['content-type']]).toEqual([200, 'text/plain; version=0.0.4; charset=utf-8'])
  expect(text).toMatch(/^foreman_health_reason\{reason="worker_away"\} 1$/m)
  expect(text).toMatch(/^foreman_health_reason\{reason="no_room"\} 0$/m)
  expect(text).toMatch(/^foreman_accepting 1$/m)
  expect(text).toMatch(/^foreman_gateway_callers_waiting 0$/m)
  expect(text).toMatch(/^process_resident_memory_bytes \d+$/m)
  expect((await ask('POST', '/metrics')).status).toBe(405)
})

const job = (model: string, more: object = {}) => ({
  request: { model, prompt: 'hi', options: { num_predict: 3 } },
  ...more,
})

/** Runs three jobs of two models, and waits until they are counted. */
const startCounted = async (variables: Record<string, string> = {}) => {
  const all = await startJobs({ sim: { loadMs: 200 }, variables })
  const { foreman, submit, ended } = all
  // Until it is known how a model loads, its jobs are in another group.
  await until(async () => (await foreman.store.catalogue.unasked()).length === 0)
  const counted = () => until(async () => !(await foreman.store.history.isDue()))
  const run = async (...submissions: object[]) => {
    for (const submission of submissions) await ended((await submit(submission)).id)
    await counted()
  }
  await run(job('alpha'), job('alpha', { priority: 'low' }), job('beta'))
  return { ...all, run, counted, series: async () => seriesIn(await metricsAt(foreman.url)) }
}

describe('the metrics of the queue', () => {
  test('count jobs, loads, target-seconds and tokens', async () => {
    const { series } = await startCounted()
    // A load is written down when its job has ended, by itself.
    const lastLoad = 'foreman_loads_total{model="beta:latest",target="default"}'
    await until(async () => (await series()).get(lastLoad) === 1)
    const seen = await series()
    expect(Object.fromEntries(seen)).toMatchObject({
      'foreman_jobs_submitted_total{caller="default",handed_over="true",priority="low"}': 1,
      'foreman_jobs_submitted_total{caller="default",handed_over="true",priority="normal"}': 2,
      'foreman_jobs_finished_total{caller="default",model="alpha:latest",state="succeeded"}': 2,
      'foreman_jobs_finished_total{caller="default",model="alpha:latest",state="failed"}': 0,
      'foreman_jobs_finished_total{caller="default",model="beta:latest",state="succeeded"}': 1,
      'foreman_loads_total{model="alpha:latest",target="default"}': 1,
      'foreman_loads_total{model="beta:latest",target="default"}': 1,
      foreman_loads_in_arrival_order_total: 2,
      'foreman_foreign_loads_total{target="default"}': 0,
      'foreman_tokens_total{caller="default",model="alpha:latest",type="output"}': 6,
      'foreman_job_wait_seconds_count{model="alpha:latest",priority="low"}': 1,
      'foreman_job_wait_seconds_bucket{le="+Inf",model="alpha:latest",priority="low"}': 1,
      'foreman_job_duration_seconds_bucket{le="86400",model="alpha:latest",state="succeeded"}': 2,
      'foreman_target_up{target="default"}': 1,
      foreman_workers_standing_by: 0,
      foreman_worker_heartbeat_timestamp_seconds: expect.any(Number) as number,
      foreman_worker_resident_memory_bytes: expect.any(Number) as number,
      foreman_worker_cpu_seconds_total: expect.any(Number) as number,
      foreman_worker_event_loop_lag_seconds: expect.any(Number) as number,
      'foreman_target_resident{model="beta:latest",target="default"}': 1,
      'foreman_target_resident{model="gamma:latest",target="default"}': 0,
      'foreman_jobs_queued{model="alpha:latest",priority="high"}': 0,
    })
    const seconds = (model: string) =>
      seen.get(`foreman_load_seconds_total{model="${model}",target="default"}`)
    expect(seconds('alpha:latest')).toBeGreaterThanOrEqual(0.2)
    expect(seconds('alpha:latest')).toBeLessThan(1)
    const ofOperation =
      '{gen_ai_operation_name="text_completion",gen_ai_provider_name="ollama",gen_ai_request_model="alpha:latest"}'
    expect(seen.get(`gen_ai_client_operation_duration_seconds_count${ofOperation}`)).toBe(2)
    expect(seen.get(`gen_ai_client_operation_time_to_first_chunk_seconds_count${ofOperation}`)).toBe(2)
  })

  test('have the zeros of closed lists from the start', async () => {
    const { foreman } = await startJobs({ variables: ROLES })
    const seen = seriesIn(await metricsAt(foreman.url, as('v')))
    expect(Object.fromEntries(seen)).toMatchObject({
      'foreman_jobs_submitted_total{caller="ann",handed_over="false",priority="high"}': 0,
      'foreman_jobs_submitted_total{caller="operator",handed_over="true",priority="normal"}': 0,
      'foreman_job_failures_total{code="stall"}': 0,
      'foreman_job_retries_total{code="worker_lost"}': 0,
      'foreman_choices_total{reason="overdue"}': 0,
      'foreman_webhook_attempts_total{result="gone"}': 0,
      'foreman_webhooks_finished_total{result="dead"}': 0,
      'foreman_loads_total{model="alpha:latest",target="default"}': 0,
      foreman_load_seconds_in_arrival_order_total: 0,
    })
    expect([...seen.keys()].filter(name => name.startsWith('foreman_jobs_finished_total'))).toEqual([])
  })

  test('have no series for a model that the target does not have', async () => {
    const { ask, foreman } = await startCounted()
    const ofModels = (text: string) =>
      [...seriesIn(text).keys()].filter(name => /model="(?!other")/.test(name)).toSorted()
    const before = ofModels(await metricsAt(foreman.url))
    await foreman.stopWorker()
    for (const model of ['misspelt', 'miswritten', 'mistaken']) {
      expect((await ask('POST', '/jobs', job(model))).status).toBe(404)
      expect((await ask('POST', '/api/generate', { model })).status).toBe(404)
      // Such as a job whose model was deleted while it waited.
      await submitJob(foreman.store, { model, modelName: model, groupKey: model })
    }
    const queued = 'foreman_jobs_queued{model="other",priority="normal"}'
    await until(async () => seriesIn(await metricsAt(foreman.url)).get(queued) === 3)
    const text = await metricsAt(foreman.url)
    expect(text).not.toMatch(/misspelt|miswritten|mistaken/)
    expect(ofModels(text)).toEqual(before)
  })
})

test('say by how much a model is overdue, and nothing while the queue is paused or the worker is away', async () => {
  const variables = { FOREMAN_MAX_WAIT: '100ms' }
  const { foreman, submit, ask } = await startJobs({ sim: { tokensPerSecond: 50 }, variables })
  await submit(endless)
  await until(async () => (await foreman.store.queue.ready(9)) === 0)
  await submit(job('beta'))
  const overdue = async () =>
    seriesIn(await metricsAt(foreman.url)).get('foreman_overdue_seconds{model="beta:latest"}')
  await until(async () => ((await overdue()) ?? 0) > 0.2)
  expect((await ask('POST', '/queue/pause')).status).toBe(200)
  await until(async () => (await overdue()) === 0)
  expect(seriesIn(await metricsAt(foreman.url)).get('foreman_paused')).toBe(1)
  expect((await ask('POST', '/queue/resume')).status).toBe(200)
  await until(async () => ((await overdue()) ?? 0) > 0)
  await foreman.stopWorker()
  await until(async () => (await overdue()) === 0)
})

test('the counters go on after a restart of both processes', async () => {
  const { foreman, series } = await startCounted()
  const counted = (seen: ReadonlyMap<string, number>) =>
    Object.fromEntries(
      [...seen].filter(([name]) =>
        /^(?:foreman_(?!gateway|worker)|gen_ai)\w+_(?:total|count|sum|bucket)\b/.test(name),
      ),
    )
  const before = counted(await series())
  await foreman.stopWorker()
  const again = await foreman.startGateway()
  await foreman.stopGateway()
  foreman.startWorker()
  expect(counted(seriesIn(await metricsAt(again.url)))).toEqual(before)
  expect(Object.values(before).some(value => value > 0)).toBe(true)
})

/** Several jobs of each caller and model, ended in every way. */
const doEverything = async (store: Store, models: readonly string[], callers: readonly string[]) => {
  await store.catalogue.replaceModels(models.map(name => ({ name, digest: name, remote: false })))
  const usage = { promptTokens: 5, completionTokens: 9, loadMs: 1, promptMs: 2, answerMs: 3 }
  for (const [m, model] of models.entries())
    for (const [c, caller] of callers.entries())
      for (const [n, state] of endStates.entries()) {
        const endpoint = (c + n) % 2 === 0 ? '/api/chat' : '/api/generate'
        const priority = priorities[(m + c + n) % priorities.length]!
        const { claim } = await runningJob(store, {
          groupKey: model,
          modelName: model,
          caller,
          endpoint,
          priority,
        })
        await store.runs.finish(
          claim,
          {
            state,
            answerAttempt: null,
            usage,
            firstByteAt: 1_500,
            ...(state !== 'succeeded' && { errorCode: 'cancelled' }),
          },
          { now: 2_000, ttlMs: 1e9 },
        )
      }
  while (await store.history.count({ now: 2_000, fits: 1, loadMsOf: () => 1 }));
}

test('20 models and 10 callers that do everything make fewer than 8,000 series', async () => {
  const names = (length: number, name: string) => Array.from({ length }, (_, n) => `${name}${n}`)
  const callers = names(10, 'caller')
  const variables = {
    FOREMAN_TOKENS: callers.map(name => `${name}:${name}`).join(','),
    FOREMAN_VIEWER_TOKEN: 'v',
  }
  const { foreman } = await startJobs({ worker: false, variables })
  const models = names(20, 'registry.ollama.ai/library/model').map(name => `${name}:latest`)
  await doEverything(foreman.store, models, callers)
  const { size } = seriesIn(await metricsAt(foreman.url, as('v')))
  expect(size).toBeGreaterThan(6_000)
  expect(size).toBeLessThan(8_000)
}, 60_000)

test('processes with the same settings say the same of them, and one with others something else', async () => {
  const { foreman } = await startJobs()
  const reader = await openReader(foreman.dbPath)
  onTestFinished(() => reader.close())
  const processes = () => reader.overview.processes()
  const prints = async () => new Set((await processes()).map(({ figures }) => figures?.settings))
  await until(async () => (await processes()).length === 2)
  expect((await prints()).size).toBe(1)
  foreman.startWorker({ FOREMAN_JOB_TTL: '3h' })
  await until(async () => (await processes()).length === 3)
  expect((await prints()).size).toBe(2)
  const standingBy = async () => seriesIn(await metricsAt(foreman.url)).get('foreman_workers_standing_by')
  await until(async () => (await standingBy()) === 1)
})
