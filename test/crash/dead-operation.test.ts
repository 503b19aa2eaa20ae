import { expect, test } from 'vitest'
import { startJobs } from '../harness/jobs.ts'
import { startGatewayProcess, variablesFor } from '../harness/processes.ts'
import { send } from '../harness/request.ts'
import { until } from '../harness/until.ts'

const JOBS = 3_000

test(
  'kill -9 of a gateway in the middle of an operation on many jobs: another one goes on where it was',
  { timeout: 60_000 },
  async () => {
    const gateways = { heartbeatMs: 50, patience: { lookMs: 50, goneAfterMs: 1_000 } }
    const { foreman, sim, ask } = await startJobs({ worker: false, gateways })
    const killed = await startGatewayProcess(variablesFor(sim.url, { FOREMAN_DB_PATH: foreman.dbPath }))
    const line = JSON.stringify({ request: { model: 'plain', prompt: 'Hello!' } })
    await ask('POST', '/jobs/batch', `${line}\n`.repeat(JOBS), { 'content-type': 'application/jsonl' })
    const order = { action: 'cancel', filter: { state: 'queued' } }
    const begun = await send(killed.url, { path: '/jobs/actions', body: JSON.stringify(order) })
    const { id } = JSON.parse(begun.body.toString()) as { id: number }
    await until(async () => (await foreman.store.records.queued()) < JOBS)
    killed.kill('SIGKILL')
    await killed.ended

    const operation = async (of: unknown) => (await ask('GET', `/queue/operations/${String(of)}`)).json
    expect(await operation(id)).toMatchObject({ state: 'running', matched: JOBS })
    const again = (await ask('POST', '/jobs/actions', order)).json
    expect(again['matched']).toBeGreaterThan(0)
    expect(again['matched']).toBeLessThan(JOBS)
    await until(async () => (await operation(again['id']))['state'] === 'done')
    expect((await operation(again['id']))['done']).toBe(again['matched'])
    expect(await foreman.store.records.ended()).toBe(JOBS)

    foreman.startWorker()
    await until(async () => (await operation(id))['state'] === 'failed')
    expect((await operation(again['id']))['state']).toBe('done')
  },
)
