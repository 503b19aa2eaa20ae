import { startSim } from '@foreman/ollama-sim'
import Database from 'better-sqlite3'
import { setTimeout as delay } from 'node:timers/promises'
import { describe, expect, onTestFinished, test } from 'vitest'
import { startGatewayProcess, startWorkerProcess, variablesFor } from '../harness/processes.ts'
import { post } from '../harness/request.ts'
import { until } from '../harness/until.ts'
import { ENDS, killAtRandom, startBoth } from './kill-at-random.ts'
import { isAllCounted, tallyDifferences } from './tally-check.ts'

const isSoak = process.env['FOREMAN_SOAK'] === '1'
const KILLS = isSoak ? 200 : 30

const simulate = async (options: Parameters<typeof startSim>[0]) => {
  const sim = await startSim(options)
  onTestFinished(() => sim.close())
  return sim
}

const ask = (url: string, model: string, stream = false) =>
  post(url, '/api/generate', { model, prompt: 'go on', stream, options: { num_predict: 5 } })

interface Row {
  id: string
  state: string
  ends: number
}

/** Every job in the file, and how many terminal events its log has. */
const jobsIn = (dbPath: string): Row[] => {
  const db = new Database(dbPath, { readonly: true })
  const rows = db.prepare(`SELECT id, state, ${ENDS} AS ends FROM jobs`).all() as Row[]
  db.close()
  return rows
}

const integrityOf = (dbPath: string): unknown => {
  const db = new Database(dbPath, { readonly: true })
  const verdict: unknown = db.pragma('integrity_check', { simple: true })
  db.close()
  return verdict
}

/** As if a job had been counted twice. */
const addToOneTally = (dbPath: string): void => {
  const db = new Database(dbPath)
  const labels = db.prepare(`SELECT max(labels) FROM tallies WHERE name = 'jobs_finished'`).pluck().get()
  db.prepare(`UPDATE tallies SET value = value + 1 WHERE name = 'jobs_finished' AND labels = ?`).run(labels)
  db.close()
}

const isOver = ({ state }: Row) => state !== 'queued' && state !== 'running'

describe('kill -9', () => {
  test('of the worker, while callers wait: a new one is started and every caller gets its answer', async () => {
    const sim = await simulate({ maxLoaded: 1, loadMs: 50, tokensPerSecond: 50 })
    const variables = variablesFor(sim.url)
    const gateway = await startGatewayProcess(variables)
    const first = startWorkerProcess(variables)
    const answers = Promise.all(
      Array.from({ length: 10 }, (_, at) => ask(gateway.url, at % 2 ? 'alpha' : 'beta')),
    )
    await until(() => sim.inFlight > 0)
    first.kill('SIGKILL')
    await first.ended
    startWorkerProcess(variables)
    const bodies = (await answers).map(({ status, text }) => [
      status,
      (JSON.parse(text) as { done: boolean }).done,
    ])
    expect(bodies).toEqual(Array.from({ length: 10 }, () => [200, true]))
  })

  test('of the gateway: what it had accepted runs to its end if that comes before the gateway counts as dead', async () => {
    const sim = await simulate({ maxLoaded: 1, tokensPerSecond: 50 })
    const variables = variablesFor(sim.url)
    const gateway = await startGatewayProcess(variables)
    startWorkerProcess(variables)
    const callers = Array.from({ length: 10 }, (_, at) =>
      ask(gateway.url, 'alpha', at % 2 === 0).catch(() => 'cut off'),
    )
    await until(() => jobsIn(variables.FOREMAN_DB_PATH).length === 10)
    gateway.kill('SIGKILL')
    await Promise.all(callers)
    await until(() => jobsIn(variables.FOREMAN_DB_PATH).every(isOver))
    expect(jobsIn(variables.FOREMAN_DB_PATH).map(({ state }) => state)).toEqual(Array(10).fill('succeeded'))
  })

  test('of a worker that another stands by for: it takes over within a second', async () => {
    const sim = await simulate({})
    const variables = variablesFor(sim.url)
    const gateway = await startGatewayProcess(variables)
    const first = startWorkerProcess(variables)
    await until(() => first.output().includes('at work'))
    const second = startWorkerProcess(variables)
    await until(() => second.output().includes('standing by'))
    first.kill('SIGKILL')
    const killedAt = performance.now()
    await until(() => second.output().includes('at work'), 1_000)
    expect(performance.now() - killedAt).toBeLessThan(1_000)
    expect((await ask(gateway.url, 'plain')).status).toBe(200)
  })

  test(
    `of both at ${KILLS} random moments under load: every job that was accepted ends exactly once, and is counted once`,
    { timeout: 600_000 },
    async () => {
      const sim = await simulate({ maxLoaded: 1, loadMs: 5, tokensPerSecond: 400 })
      const variables = variablesFor(sim.url)
      const running = await startBoth(variables)
      const accepted = new Set<string>()
      let stop = false
      const models = ['alpha', 'beta', 'plain']
      const callers = Array.from({ length: 6 }, async (_, caller) => {
        while (!stop) {
          try {
            const answer = await ask(running.gateway.url, models[caller % 3] ?? '', caller % 2 === 0)
            const id = answer.headers['x-foreman-job-id']
            if (typeof id === 'string') accepted.add(id)
          } catch {
            // Its gateway was killed: it tries the next one.
            await delay(20)
          }
        }
      })
      await killAtRandom(running, variables, KILLS)
      stop = true
      await Promise.all(callers)
      await until(() => jobsIn(variables.FOREMAN_DB_PATH).every(isOver), 60_000)
      const jobs = jobsIn(variables.FOREMAN_DB_PATH)
      expect(jobs.length).toBeGreaterThan(KILLS / 2)
      expect(jobs.filter(({ ends }) => ends !== 1)).toEqual([])
      const ids = new Set(jobs.map(({ id }) => id))
      expect([...accepted].filter(id => !ids.has(id))).toEqual([])
      expect(integrityOf(variables.FOREMAN_DB_PATH)).toBe('ok')
      await until(() => isAllCounted(variables.FOREMAN_DB_PATH))
      expect(tallyDifferences(variables.FOREMAN_DB_PATH)).toEqual([])
      addToOneTally(variables.FOREMAN_DB_PATH)
      expect(tallyDifferences(variables.FOREMAN_DB_PATH).map(({ name }) => name)).toEqual(['finished'])
    },
  )
})
