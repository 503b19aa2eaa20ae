import type * as Orm from 'drizzle-orm'
import type * as BetterSqlite3 from 'drizzle-orm/better-sqlite3'
import type * as Migrator from 'drizzle-orm/better-sqlite3/migrator'
import type * as SqliteCore from 'drizzle-orm/sqlite-core'
import { createRequire } from 'node:module'

export type { Column, SQL } from 'drizzle-orm'

// Loaded as CommonJS: as ES modules, Drizzle's 120 files leave 160 MB of garbage in the heap of every process, instead
// of 22 MB.
const require = createRequire(import.meta.url)

export const {
  and,
  asc,
  desc,
  eq,
  exists,
  getTableColumns,
  gt,
  gte,
  inArray,
  isNotNull,
  isNull,
  lt,
  lte,
  ne,
  not,
  or,
  sql,
} = require('drizzle-orm') as typeof Orm
export const { blob, check, customType, index, integer, primaryKey, sqliteTable, text, uniqueIndex } =
  require('drizzle-orm/sqlite-core') as typeof SqliteCore
export const { drizzle } = require('drizzle-orm/better-sqlite3') as typeof BetterSqlite3
export const { migrate } = require('drizzle-orm/better-sqlite3/migrator') as typeof Migrator

/** A value in a prepared `.set()`. Drizzle's `.set()` does not take a bare placeholder, but takes an SQL expression. */
export const value = (name: string): Orm.SQL => sql`${sql.placeholder(name)}`

/**
 * What a column is compared with in a prepared statement. Without the sign, SQLite looks at the value to guess how many rows
 * have it, and compiles the statement anew for the next value.
 */
export const given = (name: string): Orm.SQL => sql`+${sql.placeholder(name)}`

/** The number of a `LIMIT`. Drizzle would bind it without the sign of `given`. */
export const atMost = (rows: number | Orm.SQL): number =>
  (typeof rows === 'number' ? sql.raw(String(rows)) : rows) as unknown as number
