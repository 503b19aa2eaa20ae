import Database from 'better-sqlite3'
import { vi } from 'vitest'
import type { Lookup } from '../../testing/contract/engine.ts'
import { kindOf } from './tables.ts'

interface Statement {
  readonly source: string
  readonly values: unknown[]
}

/** The statements that any connection of this process runs while `act` runs. */
const statementsOf = async (act: () => Promise<unknown>): Promise<Statement[]> => {
  const database = new Database(':memory:')
  const prototype = Object.getPrototypeOf(database.prepare('SELECT 1')) as Database.Statement
  database.close()
  const ran: Statement[] = []
  const spies = (['run', 'get', 'all'] as const).map(verb => {
    const real = prototype[verb]
    return vi.spyOn(prototype, verb).mockImplementation(function (
      this: Database.Statement,
      ...values: unknown[]
    ) {
      ran.push({ source: this.source, values })
      return Reflect.apply(real, this, values) as never
    })
  })
  try {
    await act()
  } finally {
    for (const spy of spies) spy.mockRestore()
  }
  return ran.filter(({ source }) => /^\s*(select|with|update|delete|insert)/i.test(source))
}

/** A line of SQLite's EXPLAIN QUERY PLAN that says how rows are found. The others say how statements are put together. */
const FOUND =
  /^(?:SEARCH|SCAN) (\w+)(?: EXISTS)?(?: USING (?:COVERING )?(INTEGER PRIMARY KEY|INDEX (\w+)))?(?: \((.+)\))?/

/** @returns undefined when the line is about rows that the statement itself has made */
const lookupOf = (detail: string, source: string): Lookup | undefined => {
  const [, name = '', using, indexName, bounds = ''] = FOUND.exec(detail) ?? []
  const aliases = new Map(
    [...source.matchAll(/\b(\w+) AS (\w+)/gi)].map(([, table, alias]) => [alias, table]),
  )
  const kind = kindOf.get(name) ?? kindOf.get(aliases.get(name) ?? '')
  if (!kind) return undefined
  const columns = [...bounds.matchAll(/(\w+)[<>=]+\?/g)].map(([, column]) => column!)
  const by = [...new Set(columns)].map(column => (column === 'rowid' ? 'key' : column))
  // A search without an index is one for the first or the last row.
  const isByKey = using === 'INTEGER PRIMARY KEY' || detail === `SEARCH ${name}`
  return { kind, by, index: isByKey || indexName?.startsWith('sqlite_autoindex_') ? 'key' : indexName }
}

/** @param explain the details of the query plan of a statement */
export const lookupsOf = async (
  act: () => Promise<unknown>,
  explain: (statement: Statement) => string[],
): Promise<Lookup[]> =>
  (await statementsOf(act)).flatMap(statement =>
    explain(statement).flatMap(detail => lookupOf(detail, statement.source) ?? []),
  )
