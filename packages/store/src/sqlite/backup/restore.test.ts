import Database from 'better-sqlite3'
import fs from 'node:fs'
import path from 'node:path'
import { describe, expect, test } from 'vitest'
import { backUpStore, inspectBackup, restoreStore } from '../../backups.ts'
import { openStore } from '../../open-store.ts'
import { listJobs, runningJob, submitJob } from '../../testing/jobs.ts'
import { tempDirectory } from '../../testing/temp-directory.ts'
import { oldFile } from '../testing/old-file.ts'
import { newFile, openUntilEnd } from '../testing/temp-store.ts'

const AT = Date.UTC(2030, 0, 31, 12)

/** A queue that nobody has open, with one job, and a backup of it from before its second one. */
const stopped = async () => {
  const file = newFile()
  const store = await openStore(file, { role: 'gateway' })
  const first = await submitJob(store)
  const backup = path.join(tempDirectory(), 'backup.db')
  backUpStore(file, { to: backup, at: AT, withContent: true, isLeftOver: () => false })
  await submitJob(store)
  await store.close()
  const namesIn = (): string[] => fs.readdirSync(path.dirname(file)).filter(name => !name.endsWith('-lock'))
  return { file, backup, first, namesIn }
}

const change = (file: string, sql: string): void => {
  new Database(file).exec(sql).close()
}

describe('restoring', () => {
  test('puts a backup that runs in the place of the queue, and keeps that beside it', async () => {
    const { file, backup, first, namesIn } = await stopped()
    const kept = `${file}.before-20300131T120000Z`
    expect(restoreStore(file, { backup, at: AT })).toMatchObject({
      kept,
      contents: { callers: [{ queued: 1 }] },
    })
    expect(namesIn().toSorted()).toEqual(['foreman.db', path.basename(kept)])
    for (const name of [file, kept]) expect(fs.statSync(name)).toMatchObject({ mode: 0o100600, nlink: 1 })
    const store = await openUntilEnd(file, { role: 'worker' })
    expect((await listJobs(store)).map(({ id }) => id)).toEqual([first.id])
    expect((await store.operations.list({ limit: 1 }))[0]).toMatchObject({
      action: 'restore',
      subject: 'backup.db',
    })
    expect(await listJobs(await openUntilEnd(kept))).toHaveLength(2)
  })

  test('puts one where there is no queue', async () => {
    const { backup } = await stopped()
    const file = newFile()
    expect(restoreStore(file, { backup, at: AT }).kept).toBeUndefined()
    expect(await listJobs(await openUntilEnd(file))).toHaveLength(1)
  })

  test('puts one where only the log of a queue is left, and keeps that log out of it', async () => {
    const { file, backup, first, namesIn } = await stopped()
    const deleted = new Database(file)
    deleted.exec("UPDATE jobs SET error_code = 'of the deleted one'")
    const log = fs.readFileSync(`${file}-wal`)
    deleted.close()
    fs.rmSync(file)
    fs.writeFileSync(`${file}-wal`, log)
    restoreStore(file, { backup, at: AT })
    expect(namesIn().toSorted()).toEqual(['foreman.db', 'foreman.db.before-20300131T120000Z-wal'])
    const [job, ...others] = await listJobs(await openUntilEnd(file))
    expect(job).toMatchObject({ id: first.id, errorCode: null })
    expect(others).toEqual([])
  })

  test('replaces a queue that is damaged, and keeps it with its log', async () => {
    const { file, backup, namesIn } = await stopped()
    fs.writeFileSync(file, 'no database at all')
    fs.writeFileSync(`${file}-wal`, 'its log')
    const { kept } = restoreStore(file, { backup, at: AT })
    expect([fs.readFileSync(kept!, 'utf8'), fs.readFileSync(`${kept}-wal`, 'utf8')]).toEqual([
      'no database at all',
      'its log',
    ])
    expect(namesIn()).not.toContain('foreman.db-wal')
    expect(await listJobs(await openUntilEnd(file, { role: 'worker' }))).toHaveLength(1)
  })

  test.each<[what: string, open: (file: string) => Promise<unknown>]>([
    ['a gateway', file => openUntilEnd(file)],
    [
      'a worker',
      async file => (await openUntilEnd(file, { role: 'worker' })).locks.take('worker', () => undefined),
    ],
    ['a worker on standby', file => openUntilEnd(file, { role: 'worker' })],
  ])('is refused while %s has the queue open', async (_, open) => {
    const { file, backup, namesIn } = await stopped()
    await open(file)
    const before = namesIn()
    expect(() => restoreStore(file, { backup, at: AT })).toThrow(
      `${file}: a gateway or a worker has it open: stop both, then restore`,
    )
    expect(namesIn()).toEqual(before)
    expect(await listJobs(await openUntilEnd(file))).toHaveLength(2)
  })

  test.each<[what: string, spoil: (backup: string) => void, message: RegExp]>([
    [
      'needs a newer foreman',
      backup => change(backup, 'PRAGMA user_version = 99'),
      /backup\.db: needs a newer foreman/,
    ],
    [
      'is of another program',
      backup => change(backup, 'PRAGMA application_id = 1'),
      /backup\.db: is a database of another/,
    ],
    [
      'is damaged',
      backup => fs.writeFileSync(backup, fs.readFileSync(backup).fill(0x5a, 4_096)),
      /backup\.db: .*malformed|damaged/,
    ],
    ['is empty', backup => fs.writeFileSync(backup, ''), /backup\.db: is empty/],
    ['is not there', backup => fs.rmSync(backup), /backup\.db: .*no such file/],
  ])('is refused when the backup %s, and changes nothing', async (_, spoil, message) => {
    const { file, backup, namesIn } = await stopped()
    spoil(backup)
    expect(() => restoreStore(file, { backup, at: AT })).toThrow(message)
    expect(() => inspectBackup(backup)).toThrow(message)
    expect(namesIn()).toEqual(['foreman.db'])
    expect(await listJobs(await openUntilEnd(file))).toHaveLength(2)
  })

  test('migrates an older backup, and leaves the backup as it is', async () => {
    const backup = oldFile()
    const bytes = fs.readFileSync(backup)
    const file = newFile()
    restoreStore(file, { backup, at: AT })
    await openUntilEnd(file, { role: 'worker' })
    expect(fs.readFileSync(backup).equals(bytes)).toBe(true)
  })
})

test('a check counts what would run, run again or be cancelled, by caller', async () => {
  const file = newFile()
  const store = await openUntilEnd(file)
  await runningJob(store, { caller: 'ann' })
  await submitJob(store, { caller: 'ann' })
  await submitJob(store, { caller: 'bob', gateway: 'g1' })
  const backup = path.join(tempDirectory(), 'backup.db')
  backUpStore(file, { to: backup, at: AT, withContent: true, isLeftOver: () => false })
  expect(inspectBackup(backup)).toEqual({
    version: expect.any(Number) as number,
    callers: [
      { caller: 'ann', total: 2, queued: 1, running: 1, left: 0 },
      { caller: 'bob', total: 1, queued: 0, running: 0, left: 1 },
    ],
    lastJobAt: 1_000,
    pendingWebhooks: 0,
  })
  expect(fs.readdirSync(path.dirname(backup))).toEqual(['backup.db'])
})
