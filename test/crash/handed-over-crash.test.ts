import { startSim } from '@foreman/ollama-sim'
import Database from 'better-sqlite3'
import { setTimeout as delay } from 'node:timers/promises'
import { expect, onTestFinished, test } from 'vitest'
import { variablesFor } from '../harness/processes.ts'
import { startReceiver, webhookVariables } from '../harness/receiver.ts'
import { send } from '../harness/request.ts'
import { until } from '../harness/until.ts'
import { ENDS, killAtRandom, startBoth } from './kill-at-random.ts'

const isSoak = process.env['FOREMAN_SOAK'] === '1'
const KILLS = isSoak ? 200 : 20
const JOBS = isSoak ? 2_000 : 200
const BATCH = 20
const CALLERS = 4

const rowsOf = <Row>(dbPath: string, sql: string): Row[] => {
  const db = new Database(dbPath, { readonly: true })
  try {
    return db.prepare(sql).all() as Row[]
  } finally {
    db.close()
  }
}

const submission = (index: number, url: string) => ({
  request: { model: ['alpha', 'beta'][index % 2], prompt: `number ${index}`, options: { num_predict: 3 } },
  priority: ['high', 'normal', 'low'][index % 3],
  metadata: { index },
  webhook: { url },
})

test(
  `${JOBS} jobs with webhooks, and kill -9 of either process at ${KILLS} random moments: each ends once, and is told`,
  { timeout: 900_000 },
  async () => {
    const sim = await startSim({ maxLoaded: 1, loadMs: 5, tokensPerSecond: 1_000 })
    onTestFinished(() => sim.close())
    const receiver = await startReceiver()
    // Now and then it fails, and the message comes again five seconds later. Never twice for one message: the third
    // attempt would come five minutes after the second.
    const failed = new Set<string>()
    receiver.answer = ({ id }) => {
      if (failed.has(id) || Math.random() >= 0.01) return 204
      failed.add(id)
      return Math.random() < 0.5 ? 500 : 'reset'
    }
    const variables = variablesFor(sim.url, webhookVariables)
    const dbPath = variables.FOREMAN_DB_PATH
    const running = await startBoth(variables)

    /** Again and again until it is answered: the key makes it the same each time. */
    const persistently = async (route: string, key: string, contentType: string, body: string) => {
      for (;;) {
        try {
          const headers = { 'Idempotency-Key': key, 'Content-Type': contentType }
          const { status, body: answer } = await send(running.gateway.url, { path: route, headers, body })
          if (status === 200 || status === 202) return JSON.parse(answer.toString()) as unknown
          expect(status).toBe(503)
        } catch (error) {
          if ((error as Error).name === 'AssertionError') throw error
        }
        await delay(20)
      }
    }
    const accepted: string[] = []
    const handOver = async (caller: number) => {
      for (let first = caller * BATCH; first < JOBS; first += CALLERS * BATCH) {
        const some = Array.from({ length: Math.min(BATCH, JOBS - first) }, (_, at) =>
          submission(first + at, receiver.url),
        )
        if (caller % 2 === 0) {
          const lines = some.map(one => `${JSON.stringify(one)}\n`).join('')
          const answer = await persistently('/jobs/batch', `batch ${first}`, 'application/x-ndjson', lines)
          accepted.push(...(answer as { jobs: { id: string }[] }).jobs.map(({ id }) => id))
        } else {
          for (const [at, one] of some.entries()) {
            const body = JSON.stringify(one)
            const answer = await persistently('/jobs', `job ${first + at}`, 'application/json', body)
            accepted.push((answer as { id: string }).id)
          }
        }
      }
    }
    const callers = Promise.all(Array.from({ length: CALLERS }, (_, caller) => handOver(caller)))
    await killAtRandom(running, variables, KILLS)
    await callers
    const left = () =>
      rowsOf<{ jobs: number; messages: number }>(
        dbPath,
        `SELECT (SELECT count(*) FROM jobs WHERE finished_at IS NULL) AS jobs,
           (SELECT count(*) FROM webhook_deliveries WHERE state = 'pending') AS messages`,
      )[0]!
    await until(() => left().jobs + left().messages === 0, 300_000)

    expect(new Set(accepted).size).toBe(JOBS)
    const jobs = rowsOf<{ id: string; state: string; ends: number; messages: number }>(
      dbPath,
      `SELECT id, state,
         ${ENDS} AS ends,
         (SELECT count(*) FROM webhook_deliveries WHERE job_seq = jobs.seq) AS messages
       FROM jobs`,
    )
    expect(jobs.map(({ id }) => id).toSorted()).toEqual(accepted.toSorted())
    expect(jobs.filter(({ ends, messages }) => ends !== 1 || messages !== 1)).toEqual([])
    // A job that was running at three of the kills fails; everything else succeeds.
    expect(jobs.filter(({ state }) => state !== 'succeeded' && state !== 'failed')).toEqual([])
    const idsOf = Map.groupBy(receiver.received, ({ data }) => data.job.id)
    for (const { id, state } of jobs) {
      const told = idsOf.get(id) ?? []
      expect([id, new Set(told.map(message => message.id)).size]).toEqual([id, 1])
      expect(new Set(told.map(({ type }) => type))).toEqual(new Set([`job.${state}`]))
    }
    expect(rowsOf(dbPath, 'PRAGMA integrity_check')).toEqual([{ integrity_check: 'ok' }])
  },
)
