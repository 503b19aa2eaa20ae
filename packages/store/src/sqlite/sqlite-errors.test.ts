import Database from 'better-sqlite3'
import { expect, test } from 'vitest'
import { isFull, isUnavailable, mayPass, type NotNowReason } from '../errors.ts'
import { newJob } from '../testing/jobs.ts'
import { tempStore } from './testing/temp-store.ts'

/** How a verb rejects in which SQLite throws this error. */
const rejectionBy = async (thrown: Error): Promise<unknown> => {
  const { store } = await tempStore()
  const groupKeyOf = () => {
    throw thrown
  }
  const refused = store.submissions.enqueue({ jobs: [newJob()], groupKeyOf, now: 1_000 })
  return refused.then(
    () => undefined,
    (error: unknown) => error,
  )
}

test.each<[code: string, reason: NotNowReason]>([
  ['SQLITE_BUSY', 'unavailable'],
  ['SQLITE_BUSY_RECOVERY', 'unavailable'],
  ['SQLITE_LOCKED', 'unavailable'],
  ['SQLITE_FULL', 'full'],
  ['SQLITE_IOERR_WRITE', 'full'],
  ['SQLITE_READONLY', 'not_writable'],
  ['SQLITE_CANTOPEN', 'not_writable'],
  ['SQLITE_PROTOCOL', 'not_writable'],
])('%s leaves a verb as an error of the store: %s', async (code, reason) => {
  const cause = new Database.SqliteError('a message', code)
  const error = await rejectionBy(cause)
  expect(error).toMatchObject({ name: 'NotNowError', message: 'a message', reason, cause })
  expect([mayPass(error), isUnavailable(error), isFull(error)]).toEqual([
    true,
    reason === 'unavailable',
    reason === 'full',
  ])
})

test.each([new Database.SqliteError('malformed', 'SQLITE_CORRUPT'), new Error('a fault')])(
  '%s, which repeating does not cure, leaves a verb as it is',
  async thrown => {
    expect(await rejectionBy(thrown)).toBe(thrown)
    expect(mayPass(thrown)).toBe(false)
  },
)

test('a read rejects as a write does', async () => {
  const { store, run } = await tempStore()
  run('ALTER TABLE job_log RENAME TO elsewhere')
  await expect(store.records.log(1, 0)).rejects.toThrow(/no such table/)
})
