import { isEndState } from '@foreman/jobs'
import { startSim } from '@foreman/ollama-sim'
import { openStore } from '@foreman/store'
import { listJobs } from '@foreman/store/testing'
import Database from 'better-sqlite3'
import { spawn } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import path from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { describe, expect, onTestFinished, test } from 'vitest'
import type { Variables } from '../../harness/foreman.ts'
import {
  passedOn,
  root,
  startGatewayProcess,
  startWorkerProcess,
  variablesFor,
} from '../../harness/processes.ts'
import { startReceiver, webhookVariables } from '../../harness/receiver.ts'
import { send } from '../../harness/request.ts'
import { until } from '../../harness/until.ts'
import { lossyDisk, noLossyDisk } from './lossy-disk.ts'

const ROUNDS = 6
const CALLERS = 4
const SUBMITTERS = 4

/** Numbers that look random, the same for the same seed (mulberry32). */
const randomFrom = (seed: number) => (): number => {
  seed = (seed + 0x6d2b79f5) | 0
  let mixed = Math.imul(seed ^ (seed >>> 15), 1 | seed)
  mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
  return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
}

describe.skipIf(noLossyDisk !== undefined)('a disk that forgets what was not synced', () => {
  /** Runs code with a database on the disk, to the end of it. */
  const run = async (code: string, variables: Variables, file: string): Promise<void> => {
    const source = `
      import { createRequire } from 'node:module'
      const Database = createRequire(${JSON.stringify(path.join(root, 'package.json'))})('better-sqlite3')
      const db = new Database(${JSON.stringify(file)})
      db.pragma('journal_mode = WAL')
      db.exec('CREATE TABLE IF NOT EXISTS t (n INTEGER)')
      const insert = db.prepare('INSERT INTO t VALUES (?)')
      ${code}
      process.kill(process.pid, 'SIGKILL')
    `
    const child = spawn(process.execPath, ['--input-type=module', '-e', source], {
      env: { ...passedOn(), ...variables },
      stdio: 'inherit',
    })
    expect(await once(child, 'exit')).toEqual([null, 'SIGKILL'])
  }

  const rowsIn = (file: string): number[] => {
    const db = new Database(file)
    onTestFinished(() => void db.close())
    expect(db.pragma('integrity_check', { simple: true })).toBe('ok')
    return db.prepare('SELECT n FROM t ORDER BY n').pluck().all() as number[]
  }

  test('keeps every commit that waited for it', async () => {
    const disk = lossyDisk(randomFrom(1))
    const file = path.join(disk.directory, 'a.db')
    await run(
      `for (let n = 0; n < 20; n++) { db.pragma('synchronous = FULL'); insert.run(n) }`,
      disk.variables,
      file,
    )
    disk.cut()
    expect(rowsIn(file)).toEqual(Array.from({ length: 20 }, (_, n) => n))
  })

  test('loses the last of those that did not, and never one in the middle', async () => {
    const lengths = new Set<number>()
    for (let seed = 1; seed <= 5; seed++) {
      const disk = lossyDisk(randomFrom(seed))
      const file = path.join(disk.directory, 'a.db')
      const code = `for (let n = 0; n < 20; n++) { db.pragma('synchronous = ' + (n < 5 ? 'FULL' : 'NORMAL')); insert.run(n) }`
      await run(code, disk.variables, file)
      expect(disk.cut()).toBeGreaterThan(0)
      const rows = rowsIn(file)
      expect(rows.length).toBeGreaterThanOrEqual(5)
      expect(rows.length).toBeLessThan(20)
      expect(rows).toEqual(rows.map((_, n) => n))
      lengths.add(rows.length)
    }
    expect(lengths.size).toBeGreaterThan(1)
  })

  test('keeps what a later commit that waited has made sure', async () => {
    const disk = lossyDisk(randomFrom(1))
    const file = path.join(disk.directory, 'a.db')
    const code = `for (let n = 0; n < 20; n++) { db.pragma('synchronous = ' + (n === 19 ? 'FULL' : 'NORMAL')); insert.run(n) }`
    await run(code, disk.variables, file)
    disk.cut()
    expect(rowsIn(file)).toHaveLength(20)
  })
})

interface Accepted {
  readonly key: string
  readonly body: string
  readonly id: string
}

describe.skipIf(noLossyDisk !== undefined)('power cuts under load', () => {
  test('lose and double nothing that was handed over, and nothing ends twice', async () => {
    const seed = Math.floor(Math.random() * 2 ** 31)
    const random = randomFrom(seed)
    const disk = lossyDisk(random)
    const sim = await startSim()
    onTestFinished(() => sim.close())
    const receiver = await startReceiver()
    const variables = variablesFor(sim.url, {
      ...webhookVariables,
      ...disk.variables,
      FOREMAN_DB_PATH: path.join(disk.directory, 'queue.db'),
      FOREMAN_LOG_LEVEL: 'info',
      FOREMAN_CONCURRENCY: '2',
    })
    const accepted: Accepted[] = []
    let answers = 0
    let lost = 0

    const submit = async (
      url: string,
      key: string,
      body: string,
    ): Promise<{ status: number; id: string } | undefined> => {
      const headers = { 'content-type': 'application/json', 'idempotency-key': key }
      const answer = await send(url, { path: '/jobs', headers, body }).catch(() => undefined)
      if (answer?.complete !== true || (answer.status !== 202 && answer.status !== 200)) return undefined
      return { status: answer.status, id: (JSON.parse(answer.body.toString()) as { id: string }).id }
    }

    for (let round = 0; round < ROUNDS; round++) {
      const gateway = await startGatewayProcess(variables)
      const worker = startWorkerProcess(variables)
      // What was accepted before the cut is there, under its key.
      for (const { key, body, id } of accepted)
        expect([seed, await submit(gateway.url, key, body)]).toEqual([seed, { status: 200, id }])
      let isOver = false
      const caller = async () => {
        while (!isOver) {
          const body = JSON.stringify({ model: 'plain', prompt: 'hi', stream: random() < 0.5 })
          const answer = await send(gateway.url, { path: '/api/generate', body }).catch(() => undefined)
          if (answer?.complete === true && answer.status === 200) answers += 1
        }
      }
      const submitter = async () => {
        while (!isOver) {
          const key = randomUUID()
          const webhook = { url: receiver.url, events: ['job.succeeded'] }
          const body = JSON.stringify({ request: { model: 'plain', prompt: key }, webhook })
          const job = await submit(gateway.url, key, body)
          if (job) accepted.push({ key, body, id: job.id })
          await delay(random() * 40)
        }
      }
      const load = [
        ...Array.from({ length: CALLERS }, caller),
        ...Array.from({ length: SUBMITTERS }, submitter),
      ]
      const [answered, taken] = [answers + 5, accepted.length + 5]
      await until(() => answers >= answered && accepted.length >= taken, 30_000)
      await delay(random() * 500)
      gateway.kill('SIGKILL')
      worker.kill('SIGKILL')
      await Promise.all([gateway.ended, worker.ended])
      isOver = true
      await Promise.all(load)
      lost += disk.cut()
    }

    const gateway = await startGatewayProcess(variables)
    const worker = startWorkerProcess(variables)
    for (const { key, body, id } of accepted)
      expect([seed, await submit(gateway.url, key, body)]).toEqual([seed, { status: 200, id }])
    const ended = async () => {
      const page = await fetch(`${gateway.url}/jobs?state=queued`)
      const running = await fetch(`${gateway.url}/jobs?state=running`)
      const [queued, busy] = (await Promise.all([page.json(), running.json()])) as { jobs: unknown[] }[]
      return queued!.jobs.length === 0 && busy!.jobs.length === 0
    }
    await until(ended, 60_000)
    const told = () => new Set(receiver.received.map(({ data }) => data.job.id))
    await until(() => accepted.every(({ id }) => told().has(id)), 30_000)
    gateway.kill('SIGTERM')
    worker.kill('SIGTERM')
    await Promise.all([gateway.ended, worker.ended])

    const store = await openStore(variables.FOREMAN_DB_PATH, { role: 'worker' })
    onTestFinished(() => store.close())
    const jobs = await listJobs(store, { limit: 100_000 })
    const ids = new Set(jobs.map(({ id }) => id))
    expect(accepted.filter(({ id }) => !ids.has(id))).toEqual([])
    for (const { seq } of jobs) {
      let ends = 0
      for (let after = 0; ;) {
        const entries = await store.records.log(seq, after)
        if (entries.length === 0) break
        ends += entries.filter(entry => entry.kind === 'event' && isEndState(entry.event.type)).length
        after = entries.at(-1)!.id
      }
      expect([seed, seq, ends]).toEqual([seed, seq, 1])
    }
    // A message whose record was lost is sent again, under its old id.
    const idsOfMessages = Map.groupBy(receiver.received, ({ data }) => data.job.id)
    for (const messages of idsOfMessages.values())
      expect([seed, new Set(messages.map(({ id }) => id)).size]).toEqual([seed, 1])
    expect(accepted.length).toBeGreaterThan(20)
    expect(answers).toBeGreaterThan(20)
    expect(lost).toBeGreaterThan(0)
  }, 120_000)
})
