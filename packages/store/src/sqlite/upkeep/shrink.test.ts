import fs from 'node:fs'
import { expect, onTestFinished, test } from 'vitest'
import { ending } from '../../testing/contract/look.ts'
import { appendOutput, runningJob } from '../../testing/jobs.ts'
import { openConnection } from '../open-connection.ts'
import { tempStore } from '../testing/temp-store.ts'
import { prepareUsedBytes } from './file-size.ts'

test('the space of deleted rows goes back to the file system, step by step', async () => {
  const { store, file, run } = await tempStore()
  const connection = openConnection(file, { busyTimeoutMs: 5 })
  onTestFinished(() => void connection.sqlite.close())
  const usedBytes = prepareUsedBytes(connection)
  const empty = usedBytes()
  const { claim } = await runningJob(store)
  const body = Array.from({ length: 100 }, () => Buffer.alloc(60_000, 'x'))
  await appendOutput(store, claim, { head: { status: 200, headers: [] }, body })
  await store.runs.finish(claim, { state: 'succeeded', answerAttempt: 1 }, ending(1_000, 1_000))
  run('PRAGMA wal_checkpoint(TRUNCATE)')
  const full = fs.statSync(file).size
  expect(usedBytes() - empty).toBeGreaterThan(6_000_000)
  expect(usedBytes()).toBeLessThanOrEqual(full)
  expect(await store.upkeep.step(1_000)).toMatchObject({ more: false, expired: 0 })
  expect((await store.upkeep.step(5_000)).expired).toBe(1)
  expect(usedBytes() - empty).toBeLessThan(100_000)
  let steps = 1
  while ((await store.upkeep.step(5_000)).more) steps++
  expect(steps).toBeGreaterThan(2)
  run('PRAGMA wal_checkpoint(TRUNCATE)')
  expect(fs.statSync(file).size).toBeLessThan(full / 10)
})
