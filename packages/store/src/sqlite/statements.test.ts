import Database from 'better-sqlite3'
import { afterEach, expect, onTestFinished, test, vi } from 'vitest'
import { LateDatabase } from './late-database.ts'
import { tempStore } from './testing/temp-store.ts'

afterEach(() => void vi.restoreAllMocks())

/** A value that SQLite looks at when it plans. It would compile the statement anew for the next value. */
const PEEKED = /(?:[=<>]|\blimit)\s*[?@]/i

/** The statements that a store prepares when it is opened. */
const preparedStatements = async () => {
  const prepare = vi.spyOn(LateDatabase.prototype, 'prepare')
  const { file } = await tempStore()
  return { file, prepared: prepare.mock.calls.map(([source]) => source) }
}

test('SQLite looks at no value that is given to a prepared statement', async () => {
  const { prepared } = await preparedStatements()
  expect(prepared.length).toBeGreaterThan(100)
  const conditions = prepared.map(source => source.slice(source.search(/\bwhere\b|\blimit\b|$/i)))
  expect(conditions.filter(condition => PEEKED.test(condition))).toEqual([])
})

test('each statement suits the tables, though most are compiled late', async () => {
  const { file, prepared } = await preparedStatements()
  const database = new Database(file, { readonly: true })
  onTestFinished(() => void database.close())
  for (const source of prepared) expect(() => database.prepare(source)).not.toThrow()
})

test('a value without its sign is found', () => {
  for (const bound of ['where a = ?', 'where a >= @b', 'where a limit ?', 'where a = 1 and b<?'])
    expect(bound).toMatch(PEEKED)
  expect('where a = +? limit +@b').not.toMatch(PEEKED)
})
