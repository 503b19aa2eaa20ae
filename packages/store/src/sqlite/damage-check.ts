import type Database from 'better-sqlite3'
import { StoreUnusableError } from '../errors.ts'
import { isCorrupt } from './sqlite-errors.ts'

/**
 * Reads the whole file, about 200 MB a second, and looks for damage.
 *
 * @throws StoreUnusableError when the file is damaged
 */
export const ensureUndamaged = (sqlite: Database.Database): void => {
  const verdict = quickCheck(sqlite)
  if (verdict !== 'ok') throw new StoreUnusableError(`${sqlite.name}: is damaged (${verdict})`)
}

/** The verdict of SQLite on one line. If the damage is bad enough, the check itself fails. */
export const quickCheck = (sqlite: Database.Database): string => {
  try {
    return String(sqlite.pragma('quick_check(1)', { simple: true })).replaceAll(/\s+/g, ' ')
  } catch (error) {
    if (!isCorrupt(error)) throw error
    return (error as Error).message
  }
}
