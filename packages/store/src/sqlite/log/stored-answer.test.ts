import { expect, onTestFinished, test } from 'vitest'
import { appendOutput, runningJob } from '../../testing/jobs.ts'
import { openConnection } from '../open-connection.ts'
import { tempStore } from '../testing/temp-store.ts'
import { prepareStoredAnswer } from './stored-answer.ts'

test.each([
  ['a body that is short enough', 1_000, 1_000, 1_000],
  ['a body that is longer', 1_001, 1_000, undefined],
  ['a body of so many rows that reading them takes long', 20_001, 1_000_000, undefined],
])('%s (%i rows of a byte, at most %i bytes): %s bytes are read', async (_what, rows, maxBytes, read) => {
  const { store, file } = await tempStore()
  const connection = openConnection(file, { busyTimeoutMs: 5 })
  onTestFinished(() => void connection.sqlite.close())
  const { claim } = await runningJob(store)
  await appendOutput(store, claim, { head: { status: 200, headers: [['A', 'b']] } })
  connection.sqlite
    .prepare(
      `WITH RECURSIVE rows(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM rows WHERE n < ?)
       INSERT INTO job_log (job_seq, attempt, kind, bytes) SELECT ?, ?, 'body', x'78' FROM rows`,
    )
    .run(rows, claim.seq, claim.attempt)
  const answer = prepareStoredAnswer(connection)(claim, maxBytes)
  expect(answer && Buffer.concat(answer.body).byteLength).toBe(read)
})
