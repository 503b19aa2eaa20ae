import Database from 'better-sqlite3'
import fs from 'node:fs'
import path from 'node:path'
import { describe, expect, test } from 'vitest'
import { backUpStore } from '../../backups.ts'
import { openReader } from '../../open-store.ts'
import { startChild } from '../../testing/child.ts'
import { appendOutput, runningJob, submitJob } from '../../testing/jobs.ts'
import { tempDirectory } from '../../testing/temp-directory.ts'
import { newFile, tempStore } from '../testing/temp-store.ts'
import { LEFT_OUT, REPLACED } from './columns.ts'

const optionsTo = (to: string, withContent = true) => ({
  to,
  at: 5_000,
  withContent,
  isLeftOver: () => false,
})
const target = (): string => path.join(tempDirectory(), 'copy.db')

test('a backup is a whole queue that only its owner may read, and the queue says that it was made', async () => {
  const { store, file } = await tempStore()
  const job = await submitJob(store)
  const to = target()
  const made = backUpStore(file, optionsTo(to))
  expect(made).toEqual({ file: to, bytes: fs.statSync(to).size, isNoted: true })
  expect(fs.statSync(to).mode & 0o777).toBe(0o600)
  expect(fs.readdirSync(path.dirname(to))).toEqual(['copy.db'])
  const [operation] = await store.operations.list({ limit: 1 })
  expect(operation).toMatchObject({ action: 'backup', by: 'operator', subject: 'copy.db', at: 5_000 })
  const reader = await openReader(to)
  expect(await reader.records.byId(job.id)).toMatchObject({ state: 'queued' })
  await reader.close()
})

test('is whole while others write', async () => {
  const file = newFile()
  const writer = startChild(`
    const store = await openStore(${JSON.stringify(file)}, { role: 'gateway', compose: ({ event }) => event })
    console.log('open')
    for (let n = 0; ; n++) {
      await store.operations.note({ by: 'operator', action: 'pause' }, n)
      if (n === 50) console.log('busy')
    }
  `)
  await writer.next()
  await writer.next()
  for (const name of ['a', 'b', 'c']) {
    const to = target()
    backUpStore(file, optionsTo(`${to}.${name}`))
    const copy = new Database(`${to}.${name}`)
    expect(copy.pragma('integrity_check', { simple: true })).toBe('ok')
    const [count, last] = copy
      .prepare('SELECT count(*), max(at) FROM operations WHERE action = ?')
      .raw()
      .get('pause') as number[]
    // Nothing is missing in between.
    expect(last).toBe(count! - 1)
    copy.close()
  }
})

test('a backup that was killed leaves nothing under the name, and the next one removes what it left', async () => {
  const { file } = await tempStore()
  const to = target()
  const left = `${to}.partial`
  fs.writeFileSync(left, 'half')
  fs.writeFileSync(`${to}.other`, '')
  backUpStore(file, { ...optionsTo(to), isLeftOver: name => name.endsWith('.partial') })
  expect(fs.readdirSync(path.dirname(to)).toSorted()).toEqual(['copy.db', 'copy.db.other'])
})

describe('a backup is refused', () => {
  test('when there is no queue', () => {
    expect(() => backUpStore(newFile(), optionsTo(target()))).toThrow(/foreman\.db: .*no such file/)
  })

  test('when the file is one of another program', () => {
    const file = newFile()
    new Database(file).exec('CREATE TABLE t (a)').close()
    expect(() => backUpStore(file, optionsTo(target()))).toThrow('is a database of another program')
  })

  test('when another one is being made', async () => {
    const { file } = await tempStore()
    const other = new Database(`${file}.backup-lock`)
    other.exec('BEGIN EXCLUSIVE')
    expect(() => backUpStore(file, optionsTo(target()))).toThrow('another backup')
    other.close()
  })

  test('of a server of databases', () => {
    expect(() => backUpStore('postgres://me:secret@db/foreman', optionsTo(target()))).toThrow(
      'postgres://db/foreman: is no file: use pg_dump',
    )
  })
})

describe('a copy without content', () => {
  const planted = [
    'PROMPT-PLANTED',
    'ANSWER-PLANTED',
    'META-PLANTED',
    'HOOK-PLANTED',
    'BODY-PLANTED',
    'RECEIVER-SAID-PLANTED',
    'KEY-PLANTED',
    'ann-planted',
    'account-planted',
    'sender-planted',
    'QUERY-PLANTED',
    'REASON-PLANTED',
    'DELETED-PLANTED',
  ]

  /** A queue in which all of these stand, some in rows that are deleted. */
  const plant = async () => {
    const { store, file, run } = await tempStore({ compose: () => 'BODY-PLANTED '.repeat(50) })
    const job = {
      path: '/api/generate?QUERY-PLANTED',
      caller: 'ann-planted',
      account: 'account-planted',
      sender: 'sender-planted',
      idempotency: { key: 'KEY-PLANTED', hash: Buffer.alloc(32) },
      metadata: '{"a":"META-PLANTED"}',
      webhook: { url: 'https://HOOK-PLANTED.example/', events: ['job.queued', 'job.started'] as const },
      body: Buffer.from('PROMPT-PLANTED '.repeat(1_000)),
    }
    const { claim } = await runningJob(store, job)
    await appendOutput(store, claim, { body: Buffer.from('ANSWER-PLANTED '.repeat(500)) })
    await store.holds.set(
      { kind: 'caller', subject: 'ann-planted', by: 'operator', reason: 'REASON-PLANTED' },
      1,
    )
    for (let n = 0; n < 200; n++)
      await store.operations.note({ by: 'operator', action: 'a', reason: 'DELETED-PLANTED' }, n)
    run(`DELETE FROM operations WHERE id % 3 > 0`)
    run(`INSERT INTO webhook_attempts (delivery_seq, at, duration_ms, error, response)
      SELECT seq, 1, 1, 'RECEIVER-SAID-PLANTED', 'RECEIVER-SAID-PLANTED' FROM webhook_deliveries`)
    run(`INSERT INTO tallies VALUES ('n', '{"caller":"ann-planted","model":"m"}', '', 1, 1)`)
    run(`INSERT INTO samples (minute, caller) VALUES (0, 'ann-planted')`)
    return file
  }

  test('has nothing of callers in any of its bytes, and is a queue all the same', async () => {
    const file = await plant()
    const bytesOf = (name: string) => fs.readFileSync(name).toString('latin1')
    const before = bytesOf(file) + bytesOf(`${file}-wal`)
    expect(planted.filter(text => !before.includes(text))).toEqual([])
    const to = target()
    backUpStore(file, optionsTo(to, false))
    const after = bytesOf(to)
    expect(planted.filter(text => after.includes(text))).toEqual([])
    const copy = new Database(to)
    const rows = (sql: string) => copy.prepare(sql).raw().all()
    expect(
      rows(`SELECT state, caller <> '', length(body) FROM jobs JOIN job_requests ON job_seq = seq`),
    ).toEqual([['running', 1, 15_000]])
    // One name has one other name, everywhere.
    expect(rows('SELECT subject = (SELECT caller FROM jobs) FROM holds')).toEqual([[1]])
    expect(
      rows(`SELECT labels ->> '$.caller' = (SELECT caller FROM jobs) FROM tallies WHERE name = 'n'`),
    ).toEqual([[1]])
    expect(copy.pragma('integrity_check', { simple: true })).toBe('ok')
    copy.close()
  })

  test('replaces what can hold content, and every text is known to do so or not', async () => {
    const { rows } = await tempStore()
    const texts = rows<{ name: string }>(
      `SELECT t.name || '.' || c.name AS name FROM sqlite_schema t, pragma_table_info(t.name) c
       WHERE t.type = 'table' AND t.name NOT LIKE 'sqlite%' AND t.name NOT LIKE '\\_\\_%' ESCAPE '\\' AND c.type IN ('TEXT', 'BLOB', 'text', 'blob')`,
    )
    const isKnown = (column: string): boolean => {
      const [table = '', name = ''] = column.split('.')
      return (
        LEFT_OUT.some(each => each === table) ||
        name in (REPLACED[table] ?? {}) ||
        HARMLESS[table]?.includes(name) === true
      )
    }
    expect(texts.map(({ name }) => name).filter(name => !isKnown(name))).toEqual([])
  })
})

/** Texts that foreman has made itself, names of models and how they are loaded, and the settings of the worker that say when it runs what. */
const HARMLESS: Readonly<Record<string, readonly string[]>> = {
  job_log: ['kind'],
  jobs: [
    'id',
    'state',
    'endpoint',
    'model',
    'model_name',
    'load_options',
    'group_key',
    'claim_token',
    'error_code',
    'retry_of',
    'gateway',
    'last_token',
    'start_reason',
    'behind_model',
    'room',
  ],
  models: ['name', 'digest'],
  target: ['state', 'turn_group_key', 'resident_groups', 'rules', 'residents'],
  workers: ['id', 'version', 'settings'],
  job_details: ['webhook_events'],
  webhook_deliveries: ['id', 'event', 'state'],
  deployment: ['name'],
  gateways: ['id', 'version', 'settings'],
  ready_counts: ['group_key'],
  batch_lines: ['error_code'],
  batches: ['id', 'endpoint', 'completion_window'],
  files: ['id', 'purpose'],
  phases: ['target', 'kind'],
  tallies: ['name', 'part'],
  turns: ['target', 'group_key', 'models', 'reason', 'end'],
  holds: ['id', 'kind'],
  operations: ['action', 'state'],
}
