import Database from 'better-sqlite3'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { StoreUnusableError } from '../../errors.ts'
import type { BackupContents } from '../../values.ts'
import { ensureUndamaged } from '../damage-check.ts'
import { ensureOurs, ensureSqliteVersion, isEmpty, storeVersionOf, unusable } from '../file-header.ts'
import { openConnection } from '../open-connection.ts'
import { ensureRoom } from './whole-files.ts'

/**
 * Tries on a copy whether a backup can be restored, and counts what is in it. The backup stays as it is.
 *
 * @throws StoreUnusableError naming the backup, when it is damaged, is not one of foreman, or needs a newer foreman
 */
export const inspectSqliteBackup = (backup: string): BackupContents => {
  const directory = fs.mkdtempSync(path.join(os.tmpdir(), 'foreman-restore-check-'))
  try {
    return prepareCopy(backup, path.join(directory, 'queue.db'))
  } finally {
    fs.rmSync(directory, { recursive: true, force: true })
  }
}

/**
 * Copies a backup, checks the copy and migrates it. It is then one file, which nobody has open.
 *
 * @throws StoreUnusableError naming the backup
 */
export const prepareCopy = (backup: string, copy: string): BackupContents => {
  try {
    copyWhole(backup, copy)
    const version = checkBefore(copy)
    const { sqlite } = openConnection(copy, { busyTimeoutMs: 0 })
    try {
      const contents = contentsOf(sqlite)
      // One file, and no log beside it that could be forgotten.
      sqlite.pragma('journal_mode = DELETE')
      return { ...contents, version }
    } finally {
      sqlite.close()
      fs.rmSync(`${copy}.migrate-lock`, { force: true })
    }
  } catch (error) {
    throw unusable(backup, inWordsOf(error, copy))
  }
}

/** Errors about the copy are about the backup for whoever reads them. */
const inWordsOf = (error: unknown, copy: string): unknown =>
  error instanceof StoreUnusableError && error.message.startsWith(`${copy}: `)
    ? new StoreUnusableError(error.message.slice(copy.length + 2))
    : error

const copyWhole = (backup: string, copy: string): void => {
  const files = [backup, `${backup}-wal`].filter(file => file === backup || fs.existsSync(file))
  const bytes = files.reduce((sum, file) => sum + fs.statSync(file).size, 0)
  ensureRoom(path.dirname(copy), bytes)
  for (const file of files) {
    const to = copy + file.slice(backup.length)
    fs.copyFileSync(file, to, fs.constants.COPYFILE_EXCL)
    fs.chmodSync(to, 0o600)
  }
}

/** @returns the store version that it had */
const checkBefore = (copy: string): number => {
  const sqlite = new Database(copy, { fileMustExist: true })
  try {
    ensureSqliteVersion(sqlite)
    if (isEmpty(sqlite)) throw new StoreUnusableError('is empty')
    ensureOurs(sqlite)
    ensureUndamaged(sqlite)
    return storeVersionOf(sqlite)
  } finally {
    sqlite.close()
  }
}

const contentsOf = (sqlite: Database.Database): Omit<BackupContents, 'version'> => {
  const jobs = sqlite
    .prepare(
      `SELECT caller, count(*) AS total,
         count(*) FILTER (WHERE state = 'queued' AND gateway IS NULL) AS queued,
         count(*) FILTER (WHERE state = 'running' AND gateway IS NULL) AS running,
         count(*) FILTER (WHERE finished_at IS NULL AND gateway IS NOT NULL) AS left
       FROM jobs WHERE arrival IS NULL GROUP BY caller ORDER BY caller`,
    )
    .all() as BackupContents['callers']
  const pluck = (sql: string): unknown => sqlite.prepare(sql).pluck().get()
  const lastJobAt = pluck('SELECT max(created_at) FROM jobs') as number | null
  return {
    callers: jobs,
    lastJobAt: lastJobAt ?? undefined,
    pendingWebhooks: pluck(`SELECT count(*) FROM webhook_deliveries WHERE state = 'pending'`) as number,
  }
}
