import Database from 'better-sqlite3'
import fs from 'node:fs'
import { LEFT_OUT, NAMED, REPLACED } from './columns.ts'
import { vacuumInto } from './whole-files.ts'

/** Names that foreman has given itself. */
const KEPT_NAMES = `'', 'default', 'operator'`

/**
 * Removes from a copy of a queue what callers have sent and got, and what they are called. What is left says how many jobs there were,
 * how large, in which states and when.
 *
 * @param copy a file that nobody else has open
 */
export const removeContent = (copy: string): void => {
  replaceContent(copy)
  // Deleted text stays in pages that are half used. A connection that has never seen it writes a file without such pages.
  const blank = `${copy}.blank`
  fs.rmSync(blank, { force: true })
  const sqlite = new Database(copy)
  try {
    vacuumInto(sqlite, blank)
  } finally {
    sqlite.close()
  }
  fs.renameSync(blank, copy)
}

const replaceContent = (copy: string): void => {
  const sqlite = new Database(copy)
  try {
    sqlite.pragma('secure_delete = ON')
    sqlite.pragma('temp_store = MEMORY')
    sqlite.pragma('foreign_keys = OFF')
    const tables = new Set(
      sqlite.prepare(`SELECT name FROM sqlite_schema WHERE type = 'table'`).pluck().all(),
    )
    const has = ([table]: readonly [string, ...unknown[]]): boolean => tables.has(table)
    sqlite.transaction(() => {
      // They would count jobs anew whose names change.
      const triggers = sqlite.prepare(`SELECT name, sql FROM sqlite_schema WHERE type = 'trigger'`).all() as {
        readonly name: string
        readonly sql: string
      }[]
      for (const { name } of triggers) sqlite.exec(`DROP TRIGGER "${name}"`)
      giveAliases(sqlite, NAMED.filter(has))
      for (const table of LEFT_OUT) if (has([table])) sqlite.exec(`DELETE FROM ${table}`)
      for (const [table, columns] of Object.entries(REPLACED).filter(has)) {
        const present = new Set(sqlite.prepare(`SELECT name FROM pragma_table_info(?)`).pluck().all(table))
        const changes = Object.entries(columns).filter(([column]) => present.has(column))
        if (changes.length > 0)
          sqlite.exec(
            `UPDATE ${table} SET ${changes.map(([column, to]) => `"${column}" = ${to}`).join(', ')}`,
          )
      }
      for (const { sql } of triggers) sqlite.exec(sql)
    })()
  } finally {
    sqlite.close()
  }
}

/** `name 1`, `name 2`, … for all names but those that foreman has given itself. */
const giveAliases = (sqlite: Database.Database, named: typeof NAMED): void => {
  sqlite.exec('CREATE TEMP TABLE aliases (name TEXT PRIMARY KEY, alias TEXT) WITHOUT ROWID')
  for (const [table, name] of named)
    sqlite.exec(
      `INSERT OR IGNORE INTO temp.aliases (name) SELECT DISTINCT ${name} FROM ${table} WHERE ${name} IS NOT NULL`,
    )
  sqlite.exec(`UPDATE temp.aliases SET alias = name WHERE name IN (${KEPT_NAMES})`)
  const rename = sqlite.prepare('UPDATE temp.aliases SET alias = ? WHERE name = ?')
  const names = sqlite
    .prepare('SELECT name FROM temp.aliases WHERE alias IS NULL ORDER BY name')
    .pluck()
    .all()
  for (const [at, name] of names.entries()) rename.run(`name ${at + 1}`, name)
}
