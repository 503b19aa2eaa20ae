import Database from 'better-sqlite3'
import { expect, onTestFinished, test, vi } from 'vitest'
import { LateDatabase } from './late-database.ts'

const open = (): Database.Database => {
  const database = new LateDatabase(':memory:')
  onTestFinished(() => void database.close())
  return database
}

test('a statement is compiled once, when it is first run', () => {
  const database = open()
  const compile = vi.spyOn(Database.prototype, 'prepare')
  onTestFinished(() => compile.mockRestore())
  const statement = database.prepare('SELECT 1 AS one')
  expect(compile).not.toHaveBeenCalled()
  expect([statement.get(), statement.all()]).toEqual([{ one: 1 }, [{ one: 1 }]])
  expect(compile).toHaveBeenCalledTimes(1)
})

test('a statement runs in its mode, whether that was set before or after it was compiled', () => {
  const database = open()
  const plucked = database.prepare('SELECT +? AS one').pluck()
  expect([plucked.get(5), ...plucked.iterate(6)]).toEqual([5, 6])
  const statement = database.prepare('SELECT +@a AS one, +@b AS two')
  expect(statement.get({ a: 1, b: 2 })).toEqual({ one: 1, two: 2 })
  expect(statement.raw().get({ a: 1, b: 2 })).toEqual([1, 2])
})

test('a statement that is none fails when it is run', () => {
  const database = open()
  expect(() => database.prepare('SELECT * FROM nowhere').run()).toThrow('no such table: nowhere')
})
