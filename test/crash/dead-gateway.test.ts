import { startSim } from '@foreman/ollama-sim'
import { listJobs } from '@foreman/store/testing'
import { expect, onTestFinished, test } from 'vitest'
import { startForeman } from '../harness/foreman.ts'
import { startGatewayProcess, variablesFor } from '../harness/processes.ts'
import { send as request } from '../harness/request.ts'
import { until } from '../harness/until.ts'

const ENDLESS = 1_000_000

const bodyOf = (tokens: number, more: Record<string, unknown> = {}) => ({
  model: 'alpha',
  prompt: 'go on',
  options: { num_predict: tokens },
  ...more,
})

test(
  'kill -9 of a gateway cancels the jobs that nobody can come for, and no other',
  { timeout: 60_000 },
  async () => {
    const sim = await startSim({ tokensPerSecond: 50 })
    onTestFinished(() => sim.close())
    const gateways = { heartbeatMs: 50, patience: { lookMs: 100, goneAfterMs: 4_000 } }
    const foreman = await startForeman({ target: sim.url, worker: false, gateways })
    const killed = await startGatewayProcess(variablesFor(sim.url, { FOREMAN_DB_PATH: foreman.dbPath }))
    const jobs = async () => (await listJobs(foreman.store)).toReversed()
    const states = async () => (await jobs()).map(({ state }) => state)
    /** Sends a request and waits until it has become a job, so that the order of the jobs is known. */
    const send = async (
      url: string,
      body: unknown,
      more: { path?: string; headers?: Record<string, string> } = {},
    ) => {
      const before = (await jobs()).length
      const sent = request(url, { path: '/api/generate', ...more, body: JSON.stringify(body) })
      const answer = sent.catch(() => undefined)
      await until(async () => (await jobs()).length === before + 1)
      return { answer }
    }
    const callers = [
      await send(killed.url, bodyOf(ENDLESS)),
      await send(killed.url, bodyOf(ENDLESS, { stream: false })),
      await send(killed.url, bodyOf(3), { headers: { 'Idempotency-Key': 'k' } }),
      await send(killed.url, bodyOf(3), { headers: { 'X-Foreman-On-Disconnect': 'finish' } }),
    ]
    const background = [
      await send(killed.url, { request: bodyOf(3) }, { path: '/jobs' }),
      await send(killed.url, bodyOf(3), { headers: { Prefer: 'respond-async' } }),
    ]
    const living = await send(foreman.url, bodyOf(3))
    for (const { answer } of background) expect(await answer).toMatchObject({ complete: true })
    killed.kill('SIGKILL')
    await killed.ended
    for (const { answer } of callers) expect((await answer)?.complete).not.toBe(true)
    const restarted = await send((await foreman.startGateway()).url, bodyOf(3))
    foreman.startWorker()

    await until(async () => (await states())[0] === 'running')
    expect((await states()).slice(1)).toEqual(Array(7).fill('queued'))
    for (const { answer } of [living, restarted]) {
      expect(await answer).toMatchObject({ status: 200, complete: true })
    }
    await until(() => sim.inFlight === 0)
    await until(async () => (await jobs()).every(({ finishedAt }) => finishedAt !== null))
    expect(await states()).toEqual(['cancelled', 'cancelled', ...Array(6).fill('succeeded')])
    // The target has not seen the second job, and has heard no more of the first.
    expect(sim.requests.filter(({ path }) => path === '/api/generate')).toHaveLength(7)
    await until(async () => (await foreman.store.gateways.heartbeats()).size === 2)

    const again = {
      path: '/api/generate',
      headers: { 'Idempotency-Key': 'k' },
      body: JSON.stringify(bodyOf(3)),
    }
    expect(await request(foreman.url, again)).toMatchObject({
      status: 200,
      complete: true,
      headers: { 'idempotency-replayed': 'true' },
    })
  },
)
