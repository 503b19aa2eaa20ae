import type Database from 'better-sqlite3'
import fs from 'node:fs'
import { StoreUnusableError } from '../../errors.ts'
import { freeBytesOf } from '../free-bytes.ts'

/** What is left free beside a copy. */
const SPARE_BYTES = 64 * 1024 * 1024
const MB = 1024 * 1024

/** @throws StoreUnusableError when a file of so many bytes has no room in a directory */
export const ensureRoom = (directory: string, bytes: number): void => {
  const free = freeBytesOf(directory)
  const needed = bytes + SPARE_BYTES
  if (free >= needed) return
  const inMb = (value: number): string => `${Math.ceil(value / MB)} MB`
  throw new StoreUnusableError(
    `needs ${inMb(needed)} for a copy in ${directory}, where ${inMb(free)} are free`,
  )
}

/** Copies a database into a new file, which only its owner may read. */
export const vacuumInto = (sqlite: Database.Database, file: string): void => {
  fs.closeSync(fs.openSync(file, 'wx', 0o600))
  sqlite.prepare('VACUUM INTO ?').run(file)
}

/** Sees to it that a file, or the names in a directory, are on the disk. */
export const flush = (path: string): void => {
  const opened = fs.openSync(path, 'r')
  try {
    fs.fsyncSync(opened)
  } finally {
    fs.closeSync(opened)
  }
}
