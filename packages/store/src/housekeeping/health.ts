import type { Connection } from '../connection.ts'
import { eq } from '../drizzle.ts'
import { isCorrupt, StoreUnusableError } from '../errors.ts'
import { jobs, workers } from '../schema.ts'

export const damageCheck =
  ({ sqlite }: Connection) =>
  (): void => {
    const verdict = quickCheck(sqlite)
    if (verdict !== 'ok') throw new StoreUnusableError(`${sqlite.name}: is damaged (${verdict})`)
  }

/** The verdict of SQLite on one line. If the damage is bad enough, the check itself fails. */
const quickCheck = (sqlite: Connection['sqlite']): string => {
  try {
    return String(sqlite.pragma('quick_check(1)', { simple: true })).replaceAll(/\s+/g, ' ')
  } catch (error) {
    if (!isCorrupt(error)) throw error
    return (error as Error).message
  }
}

export const prepareCanWrite = (connection: Connection) => {
  const { db } = connection
  const changeNothing = db.update(jobs).set({ state: 'queued' }).where(eq(jobs.seq, 0)).prepare()
  const row = { id: 'a test of the file', pid: 0, active: false, startedAt: 0, heartbeatAt: 0 }
  const insert = db.insert(workers).values(row).prepare()
  const remove = db.delete(workers).where(eq(workers.id, row.id)).prepare()
  /** Nobody sees the row, but its pages go to the disk. */
  const write = () => {
    insert.run()
    remove.run()
  }

  return (): boolean => {
    try {
      if (!connection.writeHasFailed()) connection.write('normal', () => changeNothing.run())
      else {
        connection.write('normal', write)
        connection.noteWritten()
      }
      return true
    } catch {
      return false
    }
  }
}
