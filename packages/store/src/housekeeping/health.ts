import type { Connection } from '../connection.ts'
import { eq } from '../drizzle.ts'
import { isCorrupt, StoreUnusableError } from '../errors.ts'
import { jobs } from '../schema.ts'

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
  const changeNothing = connection.db.update(jobs).set({ state: 'queued' }).where(eq(jobs.seq, 0)).prepare()

  return (): boolean => {
    try {
      connection.write('normal', () => changeNothing.run())
      return true
    } catch {
      return false
    }
  }
}
