import Database from 'better-sqlite3'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { onTestFinished } from 'vitest'
import { openStore, type OpenOptions, type Store } from '../open-store.ts'
import type { Claim } from '../queue/claim.ts'
import type { JobRef, NewJob } from '../submissions/new-job.ts'

/** Creates a directory that is deleted after the current test. */
export const tempDirectory = (): string => {
  const directory = fs.mkdtempSync(path.join(os.tmpdir(), 'foreman-store-'))
  onTestFinished(() => fs.rmSync(directory, { recursive: true, force: true }))
  return directory
}

export interface TempStore {
  readonly store: Store
  readonly file: string
  /** Runs SQL on a second connection. */
  readonly run: (sql: string) => void
  /** Returns the rows of a query on that second connection. */
  readonly rows: <Row = Record<string, unknown>>(sql: string, ...values: unknown[]) => Row[]
}

/** Opens an empty store on a real file, until the current test ends. */
export const tempStore = (differing: Partial<OpenOptions> = {}): TempStore => {
  const file = path.join(tempDirectory(), 'foreman.db')
  const store = openStore(file, { busyTimeoutMs: 5, compose: ({ event }) => event, ...differing })
  const other = new Database(file)
  onTestFinished(() => {
    other.close()
    store.close()
  })
  return {
    store,
    file,
    run: sql => void other.exec(sql),
    rows: <Row>(sql: string, ...values: unknown[]) => other.prepare(sql).all(...values) as Row[],
  }
}

/** A job with plain values; a test states only the fields that it is about. */
export const newJob = (differing: Partial<NewJob> = {}): NewJob => ({
  path: '/api/chat',
  model: 'm',
  endpoint: '/api/chat',
  modelName: 'm',
  loadOptions: '{}',
  groupKey: 'm',
  streaming: true,
  headers: [['Content-Type', 'application/json']],
  body: Buffer.from('{"model":"m"}'),
  caller: 'default',
  priority: 'normal',
  ...differing,
})

export const HOUR_MS = 3_600_000

/** Submits a job and claims it. */
export const runningJob = (store: Store, differing: Partial<NewJob> = {}): { job: JobRef; claim: Claim } => {
  const job = store.submissions.enqueue(newJob(differing), 1_000)
  const claim = store.queue.claimNext(differing.groupKey ?? 'm', 'first', 1_000, 1_000)
  if (claim?.seq !== job.seq) throw new Error('another job was claimed')
  return { job, claim }
}

/** The changes in a job's log, in order. */
export const eventsOf = ({ rows }: TempStore, { seq }: JobRef): Record<string, unknown>[] =>
  rows<{ bytes: Buffer }>(
    "SELECT bytes FROM job_log WHERE job_seq = ? AND kind = 'event' ORDER BY id",
    seq,
  ).map(({ bytes }) => JSON.parse(bytes.toString()) as Record<string, unknown>)
