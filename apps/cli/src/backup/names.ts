import { stampOf } from '@foreman/store'
import path from 'node:path'

const STAMP = String.raw`\d{8}T\d{6}Z`

/** The names of the backups of one queue in a directory. */
export interface BackupNames {
  nameAt(at: number): string
  /** Those of a list that are backups of this queue, the newest first. */
  backupsIn(names: readonly string[]): string[]
  /** Whether a backup that was killed has left it. */
  isLeftOver(name: string): boolean
}

/**
 * @param location the queue
 * @param withContent copies without content are no backups, and have names of their own
 */
export const backupNames = (location: string, withContent: boolean): BackupNames => {
  const queue = path.basename(location).replace(/\.db$/, '')
  const stem = withContent ? queue : `${queue}-without-content`
  const escaped = stem.replaceAll(/\W/g, String.raw`\$&`)
  const own = new RegExp(`^${escaped}-${STAMP}\\.db$`)
  const leftOver = new RegExp(`^${escaped}-${STAMP}\\.db\\.partial`)
  return {
    nameAt: at => `${stem}-${stampOf(at)}.db`,
    backupsIn: names =>
      names
        .filter(name => own.test(name))
        .toSorted()
        .toReversed(),
    isLeftOver: name => leftOver.test(name),
  }
}
