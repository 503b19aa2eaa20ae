import { sizeInWords } from '@foreman/jobs'
import { backUpStore } from '@foreman/store'
import fs from 'node:fs'
import path from 'node:path'
import type { Session } from '../command-line/session.ts'
import { endAtOnce } from '../failures/stop.ts'
import { UsageError } from '../failures/usage-error.ts'
import { queueLocation } from '../file/queue-location.ts'
import { withQueue } from '../file/with-queue.ts'
import { type BackupNames, backupNames } from './names.ts'

export interface GivenToBackup {
  readonly target: string
  readonly keep?: number | undefined
  readonly 'without-content'?: boolean | undefined
  readonly 'db-path'?: string | undefined
}

/** Copies the queue into a file, while others use it. */
export const backup = (given: GivenToBackup, { screen }: Pick<Session, 'screen'>): void => {
  const location = queueLocation(given['db-path'], process.env)
  const withContent = given['without-content'] !== true
  const names = backupNames(location, withContent)
  const at = Date.now()
  const isDirectory = fs.statSync(given.target, { throwIfNoEntry: false })?.isDirectory() === true
  const to = isDirectory ? path.join(given.target, names.nameAt(at)) : given.target
  ensureUsable(given, { to, isDirectory })
  const isLeftOver = (name: string): boolean =>
    names.isLeftOver(name) || name.startsWith(`${path.basename(to)}.partial`)
  const onCopying = (partial: string): void =>
    screen.say(`copies into ${partial}, which the next backup removes if this one is stopped`)
  endAtOnce(process)
  const made = withQueue(() => backUpStore(location, { to, at, withContent, isLeftOver, onCopying }))
  const removed = given.keep === undefined ? [] : prune(given.target, names, given.keep)
  if (screen.isJson) return screen.json({ file: made.file, bytes: made.bytes, noted: made.isNoted, removed })
  screen.print(made.file)
  screen.say(`${sizeInWords(made.bytes)}, checked${withContent ? '' : '; without content'}`)
  if (!made.isNoted)
    screen.say(
      'The queue does not say that it was backed up: this user may not write it, or its layout is older',
    )
  for (const file of removed) screen.say(`removed ${file}`)
}

const ensureUsable = (
  { target, keep }: GivenToBackup,
  { to, isDirectory }: { readonly to: string; readonly isDirectory: boolean },
): void => {
  if (keep !== undefined && !isDirectory)
    throw new UsageError(`--keep needs a directory, and ${target} is none`)
  if (fs.existsSync(to)) throw new UsageError(`${to} exists already: give another name, or a directory`)
  if (!fs.existsSync(path.dirname(to))) throw new UsageError(`there is no directory ${path.dirname(to)}`)
}

/** @returns what is removed: the oldest backups of this queue, but for so many */
const prune = (directory: string, names: BackupNames, keep: number): string[] => {
  const old = names.backupsIn(fs.readdirSync(directory)).slice(keep)
  const files = old.map(name => path.join(directory, name))
  for (const file of files) fs.rmSync(file)
  return files
}
