import Database from 'better-sqlite3'
import fs from 'node:fs'
import { describe, expect, test } from 'vitest'
import { isBusy, isFull, StoreUnusableError } from '../errors.ts'
import { changeRecorder } from '../log/changes.ts'
import { logWriter } from '../log/log-writer.ts'
import { openConnection } from '../open-connection.ts'
import { openStore } from '../open-store.ts'
import { submissions } from '../submissions/submissions.ts'
import { busyError, fullError, readOnlyError } from '../testing/failed-writes.ts'
import { eventsOf, newJob, runningJob, type TempStore, tempStore } from '../testing/temp-store.ts'
import { housekeeping } from './housekeeping.ts'

const head = { status: 200, headers: [] }

/** A job that ended at `now`, with `pieces` pieces of output. */
const endedJob = ({ store }: TempStore, now: number, { pieces = 1, pieceBytes = 10, ttlMs = 1_000 } = {}) => {
  const { job, claim } = runningJob(store)
  for (let piece = 0; piece < pieces; piece++) {
    store.runs.append(claim, { ...(piece === 0 ? { head } : {}), body: Buffer.alloc(pieceBytes, 'x') })
  }
  store.runs.finish(claim, { state: 'succeeded', answerAttempt: 1 }, now, ttlMs)
  return job
}

/** Copies the only job until there are `jobs` of them. */
const multiply = ({ run }: TempStore, jobs: number): void =>
  run(`
    BEGIN;
    CREATE TEMP TABLE more (seq INTEGER);
    INSERT INTO more WITH RECURSIVE n(i) AS (SELECT 2 UNION ALL SELECT i + 1 FROM n WHERE i <= ${jobs})
      SELECT i FROM n WHERE i <= ${jobs};
    INSERT INTO jobs (seq, id, state, path, endpoint, model, model_name, load_options, group_key, streams, created_at, finished_at, expires_at)
      SELECT more.seq, id || more.seq, state, path, endpoint, model, model_name, load_options, group_key, streams, created_at, finished_at, expires_at
      FROM jobs, more WHERE jobs.seq = 1;
    INSERT INTO job_requests SELECT more.seq, headers, body, parts FROM job_requests, more;
    INSERT INTO job_log (job_seq, attempt, kind, bytes)
      SELECT more.seq, attempt, kind, bytes FROM job_log, more;
    COMMIT`)

const count = ({ rows }: TempStore, table: string): number =>
  rows<{ n: number }>(`SELECT count(*) n FROM ${table}`)[0]!.n

/** Repeats a step until nothing is left to do. Returns the number of steps. */
const steps = (step: () => { more: boolean }): number => {
  for (let taken = 1; ; taken++) {
    if (!step().more) return taken
    if (taken > 10_000) throw new Error('the steps do not end')
  }
}

describe('expired jobs', () => {
  test('are deleted with all that belongs to them, and other jobs stay', () => {
    const temp = tempStore()
    endedJob(temp, 1_000)
    const later = endedJob(temp, 1_001)
    const waiting = temp.store.submissions.enqueue(newJob(), 0)
    const { job: running } = runningJob(temp.store, { groupKey: 'other' })
    expect(temp.store.housekeeping.pruneExpired(1_999)).toEqual({ more: false, pruned: 0 })
    expect(temp.store.housekeeping.pruneExpired(2_000)).toEqual({ more: false, pruned: 1 })
    const left = [later, waiting, running].map(({ seq }) => seq)
    expect(temp.rows('SELECT seq FROM jobs ORDER BY seq').map(({ seq }) => seq)).toEqual(left)
    expect(temp.rows('SELECT job_seq FROM job_requests ORDER BY 1').map(row => row['job_seq'])).toEqual(left)
    expect(temp.rows('SELECT DISTINCT job_seq FROM job_log ORDER BY 1').map(row => row['job_seq'])).toEqual(
      left,
    )
  })

  test('are only jobs that have ended, however old the others are', () => {
    const temp = tempStore()
    const { job } = runningJob(temp.store)
    temp.store.submissions.enqueue(newJob(), 0)
    temp.store.submissions.cancel(job, 1, 1)
    expect(temp.store.housekeeping.pruneExpired(Number.MAX_SAFE_INTEGER)).toEqual({ more: false, pruned: 0 })
    expect(count(temp, 'jobs')).toBe(2)
  })

  test.each([
    ['one job with 1,600 pieces', 1, 1_600],
    ['700 jobs with a piece each', 700, 1],
  ])('are deleted in small steps: %s', (_what, jobs, pieces) => {
    const temp = tempStore()
    endedJob(temp, 1_000, { pieces })
    multiply(temp, jobs)
    expect(count(temp, 'jobs')).toBe(jobs)
    const left = [count(temp, 'job_log')]
    const taken = steps(() => {
      const step = temp.store.housekeeping.pruneExpired(5_000)
      left.push(count(temp, 'job_log'))
      return step
    })
    expect(taken).toBeGreaterThan(3)
    expect(Math.max(...left.slice(1).map((rows, at) => left[at]! - rows))).toBeLessThanOrEqual(500)
    expect(['jobs', 'job_requests', 'job_log'].map(table => count(temp, table))).toEqual([0, 0, 0])
  })

  test('are deleted although their log is exactly as long as a step', () => {
    const temp = tempStore()
    endedJob(temp, 1_000, { pieces: 500 - 4 })
    expect(count(temp, 'job_log')).toBe(500)
    steps(() => temp.store.housekeeping.pruneExpired(5_000))
    expect(count(temp, 'jobs')).toBe(0)
  })
})

describe('jobs whose callers have their answers', () => {
  test('lose request and output when these expire, and keep their row and its events', () => {
    const temp = tempStore()
    const job = endedJob(temp, 1_000)
    const other = endedJob(temp, 1_000)
    temp.store.submissions.delivered(job, 2_000)
    expect(temp.store.housekeeping.pruneDelivered(1_999)).toEqual({ more: false })
    expect(count(temp, 'job_requests')).toBe(2)
    expect(temp.store.housekeeping.pruneDelivered(2_000)).toEqual({ more: false })
    expect(temp.store.output.read(job.seq, undefined)?.pieces).toEqual([])
    expect(temp.store.output.read(other.seq, undefined)?.pieces).toHaveLength(2)
    expect(temp.rows('SELECT job_seq FROM job_requests')).toEqual([{ job_seq: other.seq }])
    expect(temp.store.output.view(job.seq)?.state).toBe('succeeded')
    expect(eventsOf(temp, job).map(({ type }) => type)).toEqual(['queued', 'started', 'succeeded'])
  })

  test('are cleaned up once, and their rows expire later', () => {
    const temp = tempStore()
    const job = endedJob(temp, 1_000)
    temp.store.submissions.delivered(job, 2_000)
    temp.store.housekeeping.pruneDelivered(2_000)
    const before = temp.rows('PRAGMA data_version')
    expect(temp.store.housekeeping.pruneDelivered(3_000)).toEqual({ more: false })
    expect(temp.rows('PRAGMA data_version')).toEqual(before)
    expect(temp.store.housekeeping.pruneExpired(3_000)).toEqual({ more: false, pruned: 1 })
  })

  test('lose a long output in small steps', () => {
    const temp = tempStore()
    const job = endedJob(temp, 1_000, { pieces: 1_200 })
    temp.store.submissions.delivered(job, 2_000)
    expect(steps(() => temp.store.housekeeping.pruneDelivered(2_000))).toBeGreaterThan(2)
    expect(temp.rows("SELECT count(*) n FROM job_log WHERE kind <> 'event'")).toEqual([{ n: 0 }])
  })
})

test('shrink gives the space of deleted rows back to the file system, step by step', () => {
  const temp = tempStore()
  const verbs = temp.store.housekeeping
  const empty = verbs.usedBytes()
  endedJob(temp, 1_000, { pieces: 100, pieceBytes: 60_000 })
  temp.rows('PRAGMA wal_checkpoint(TRUNCATE)')
  const full = fs.statSync(temp.file).size
  expect(verbs.usedBytes() - empty).toBeGreaterThan(6_000_000)
  expect(verbs.usedBytes()).toBeLessThanOrEqual(full)
  expect(verbs.shrink()).toEqual({ more: false })
  steps(() => verbs.pruneExpired(5_000))
  expect(verbs.usedBytes() - empty).toBeLessThan(100_000)
  expect(steps(() => verbs.shrink())).toBeGreaterThan(2)
  temp.rows('PRAGMA wal_checkpoint(TRUNCATE)')
  expect(fs.statSync(temp.file).size).toBeLessThan(full / 10)
})

describe('canWrite', () => {
  test('is true when the file takes writes, and changes nothing', () => {
    const temp = tempStore()
    temp.store.submissions.enqueue(newJob(), 1_000)
    const before = temp.rows('SELECT * FROM jobs')
    const version = temp.rows('PRAGMA data_version')
    expect(temp.store.housekeeping.canWrite()).toBe(true)
    expect(temp.rows('SELECT * FROM jobs')).toEqual(before)
    expect(temp.rows('PRAGMA data_version')).toEqual(version)
  })

  test('is false while another connection writes', () => {
    const temp = tempStore()
    const other = new Database(temp.file)
    other.exec('BEGIN IMMEDIATE')
    expect(temp.store.housekeeping.canWrite()).toBe(false)
    const begin = performance.now()
    expect(error(() => temp.store.submissions.enqueue(newJob(), 1_000))).toSatisfy(isBusy)
    // A test's store waits 5 ms.
    expect(performance.now() - begin).toBeLessThan(1_000)
    other.exec('ROLLBACK')
    other.close()
    expect(temp.store.housekeeping.canWrite()).toBe(true)
  })
})

describe('after a write that the disk has refused', () => {
  const refusedBy = (cause: Error) => {
    const temp = tempStore()
    const write = () => {
      throw cause
    }
    expect(() => temp.store.atOnce('normal', write)).toThrow(cause)
    return temp
  }

  test.each([fullError(), readOnlyError()])(
    'with %s, it is known until a real write has succeeded',
    cause => {
      const temp = refusedBy(cause)
      const { canWrite, writeHasFailed } = temp.store.housekeeping
      const before = temp.rows('PRAGMA data_version')
      const rows = temp.rows('SELECT * FROM workers')
      expect(writeHasFailed()).toBe(true)
      expect(canWrite()).toBe(true)
      expect(writeHasFailed()).toBe(false)
      expect(temp.rows('PRAGMA data_version')).not.toEqual(before)
      expect(temp.rows('SELECT * FROM workers')).toEqual(rows)
    },
  )

  test('it stays known while the test cannot write either', () => {
    const { store, run } = refusedBy(fullError())
    run('BEGIN IMMEDIATE')
    expect(store.housekeeping.canWrite()).toBe(false)
    expect(store.housekeeping.writeHasFailed()).toBe(true)
    run('ROLLBACK')
    expect(store.housekeeping.canWrite()).toBe(true)
  })

  test('a write within a group commit counts, too', async () => {
    const { store } = tempStore()
    const write = (): never => {
      throw readOnlyError()
    }
    await expect(store.together('normal', write)).rejects.toThrow('readonly')
    expect(store.housekeeping.writeHasFailed()).toBe(true)
  })

  test.each([busyError(), new Error('a fault')])('another error is none of the disk: %s', cause => {
    expect(refusedBy(cause).store.housekeeping.writeHasFailed()).toBe(false)
  })
})

const error = (act: () => unknown): unknown => {
  try {
    return void act()
  } catch (thrown) {
    return thrown
  }
}

test('a file that may not grow takes no more jobs, keeps its content, and recovers when something is deleted', () => {
  const temp = tempStore()
  const job = endedJob(temp, 1_000, { pieces: 10, pieceBytes: 60_000 })
  temp.rows('PRAGMA wal_checkpoint(TRUNCATE)')
  const connection = openConnection(temp.file, { busyTimeoutMs: 5 })
  connection.sqlite.pragma('max_page_count = 1')
  const changes = changeRecorder(logWriter(connection), { announce: () => undefined })
  const { enqueue } = submissions(connection, changes)
  const tryEnqueue = () => enqueue(newJob({ body: Buffer.alloc(100_000) }), 2_000)
  expect(error(tryEnqueue)).toSatisfy(isFull)
  expect(error(tryEnqueue)).not.toSatisfy(isBusy)
  expect(temp.rows('SELECT seq, state FROM jobs')).toEqual([{ seq: job.seq, state: 'succeeded' }])
  expect(temp.rows('PRAGMA integrity_check')).toEqual([{ integrity_check: 'ok' }])
  steps(() => housekeeping(connection).pruneExpired(5_000))
  expect(tryEnqueue().seq).toBeGreaterThan(job.seq)
  connection.sqlite.close()
})

describe('check', () => {
  test('accepts a sound file', () => {
    const temp = tempStore()
    endedJob(temp, 1_000)
    expect(() => temp.store.housekeeping.check()).not.toThrow()
  })

  test('reports file and damage on one line', () => {
    const temp = tempStore()
    endedJob(temp, 1_000)
    const copy = `${temp.file}-copy`
    temp.run(`VACUUM INTO '${copy}'`)
    const bytes = fs.readFileSync(copy)
    const [pageBytes] = temp.rows<{ page_size: number }>('PRAGMA page_size').map(row => row.page_size)
    const [index] = temp.rows<{ n: number }>(
      "SELECT rootpage n FROM sqlite_schema WHERE name = 'jobs_delayed'",
    )
    // Opening the file does not read this page: only a search for delayed jobs does.
    fs.writeFileSync(copy, bytes.fill(0xa5, (index!.n - 1) * pageBytes!, index!.n * pageBytes!))
    const store = openStore(copy, { busyTimeoutMs: 5 })
    const thrown = error(() => store.housekeeping.check()) as Error
    store.close()
    expect(thrown).toBeInstanceOf(StoreUnusableError)
    expect(thrown.message).toMatch(/foreman\.db-copy: is damaged \(.+\)$/)
    expect(thrown.message).not.toContain('\n')
  })
})
