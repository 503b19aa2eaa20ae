import { expect, onTestFinished, test } from 'vitest'
import { isFull, isUnavailable } from '../errors.ts'
import { ending } from '../testing/contract/look.ts'
import { appendOutput, newJob, runningJob } from '../testing/jobs.ts'
import { GroupCommit } from './group-commit.ts'
import { changeRecorder } from './log/changes.ts'
import { logWriter } from './log/log-writer.ts'
import { openConnection } from './open-connection.ts'
import { submissions } from './submissions/submissions.ts'
import { tempStore } from './testing/temp-store.ts'
import { upkeep } from './upkeep/upkeep.ts'
import { writesOf } from './verbs.ts'

test('a file that may not grow takes no more jobs, keeps its content, and recovers when something is deleted', async () => {
  const { store, file, rows, run } = await tempStore()
  const { job, claim } = await runningJob(store)
  const body = Array.from({ length: 10 }, () => Buffer.alloc(60_000, 'x'))
  await appendOutput(store, claim, { head: { status: 200, headers: [] }, body })
  await store.runs.finish(claim, { state: 'succeeded', answerAttempt: 1 }, ending(1_000, 1_000))
  run('PRAGMA wal_checkpoint(TRUNCATE)')
  const connection = openConnection(file, { busyTimeoutMs: 5 })
  onTestFinished(() => void connection.sqlite.close())
  connection.sqlite.pragma('max_page_count = 1')
  const writes = writesOf(new GroupCommit(connection))
  const changes = changeRecorder(logWriter(connection), { announce: () => undefined })
  const verbs = submissions(connection, writes, changes)
  const groupKeyOf = () => 'm'
  const tryToEnqueue = () =>
    verbs.enqueue({ jobs: [newJob({ body: Buffer.alloc(100_000) })], groupKeyOf, now: 2_000 })
  const error: unknown = await tryToEnqueue().catch((thrown: unknown) => thrown)
  expect([isFull(error), isUnavailable(error)]).toEqual([true, false])
  await expect(tryToEnqueue()).rejects.toThrow(/full/)
  expect(connection.writeHasFailed()).toBe(true)
  expect(rows('SELECT seq, state FROM jobs')).toEqual([{ seq: job.seq, state: 'succeeded' }])
  expect(rows('PRAGMA integrity_check')).toEqual([{ integrity_check: 'ok' }])
  expect((await upkeep(connection, writes).step(5_000)).expired).toBe(1)
  expect((await tryToEnqueue())[0]!.seq).toBeGreaterThan(job.seq)
  expect(connection.writeHasFailed()).toBe(false)
})
