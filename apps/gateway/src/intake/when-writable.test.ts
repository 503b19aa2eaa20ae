import { KeyReusedError } from '@foreman/store'
import { readOnlyError } from '@foreman/store/testing'
import { pino } from 'pino'
import { describe, expect, onTestFinished, test, vi } from 'vitest'
import { otherConnection, tempStore } from '../testing/temp-store.ts'
import { untilWritten, whenWritable } from './when-writable.ts'

/** A real file on which another process can hold the write lock. */
const trial = () => {
  const store = tempStore()
  const other = otherConnection(store)
  const state = { writes: 0 }
  const write = async () => {
    state.writes++
    store.target.suspect(1)
    return 'written'
  }
  /** The first `times` writes find the file busy. */
  const busyFor = (times: number) => async () =>
    state.writes < times ? other.atOnce('normal', () => store.target.suspect(++state.writes)) : write()
  return { state, write, busyFor }
}

const log: string[] = []
const logger = pino({ base: null, timestamp: false }, { write: line => void log.push(line) })

/** What the store throws when the disk is full: the same class of error as for a busy file, with another code. */
const diskFull = async (): Promise<Error> => {
  const busy = await trial()
    .busyFor(Infinity)()
    .catch((error: unknown) => error)
  const SqliteError = (busy as Error).constructor as new (message: string, code: string) => Error
  return new SqliteError('database or disk is full', 'SQLITE_FULL')
}

describe('whenWritable', () => {
  test('returns what the write returns', async () => {
    expect(await whenWritable(trial().write)).toBe('written')
  })

  test('tries again while another process holds the file', async () => {
    // However busy this machine is, the quarter of a second is not over.
    const clock = vi.spyOn(performance, 'now').mockReturnValue(0)
    onTestFinished(() => clock.mockRestore())
    const { state, busyFor } = trial()
    expect(await whenWritable(busyFor(3))).toBe('written')
    expect(state.writes).toBe(4)
  })

  test('refuses with 503 when the file stays busy', async () => {
    const { state, busyFor } = trial()
    const startedAt = performance.now()
    await expect(whenWritable(busyFor(Infinity))).rejects.toMatchObject({
      status: 503,
      code: 'queue_busy',
      headers: { 'Retry-After': '1' },
    })
    expect(performance.now() - startedAt).toBeGreaterThanOrEqual(250)
    expect(state.writes).toBeGreaterThan(1)
  })

  test('refuses with 503 when the file system is read-only, and does not try again', async () => {
    let writes = 0
    const write = async () => {
      writes++
      throw readOnlyError()
    }
    await expect(whenWritable(write)).rejects.toMatchObject({ status: 503, code: 'queue_not_writable' })
    expect(writes).toBe(1)
  })

  test('refuses with 507 when the disk is full, and does not try again', async () => {
    const error = await diskFull()
    let writes = 0
    const write = () => {
      writes++
      return Promise.reject(error)
    }
    await expect(whenWritable(write)).rejects.toMatchObject({ status: 507 })
    expect(writes).toBe(1)
  })

  test('refuses with 422 when the idempotency key belongs to another request', async () => {
    await expect(whenWritable(() => Promise.reject(new KeyReusedError('reused')))).rejects.toMatchObject({
      status: 422,
      code: 'idempotency_key_reused',
    })
  })

  test('throws any other error as it is', async () => {
    const error = new Error('a fault')
    await expect(whenWritable(() => Promise.reject(error))).rejects.toBe(error)
  })
})

describe('untilWritten', () => {
  test('tries again while the file is busy or the disk is full', async () => {
    const { state, busyFor } = trial()
    const full = await diskFull()
    let fails = true
    const write = async () => {
      if (fails) {
        fails = false
        throw full
      }
      return busyFor(1)()
    }
    await untilWritten(write, logger)
    expect(state.writes).toBe(2)
    expect(log).toEqual([])
  })

  test('gives up after any other error, and logs it', async () => {
    let writes = 0
    const write = () => {
      writes++
      return Promise.reject(new Error('a fault'))
    }
    await untilWritten(write, logger)
    expect(writes).toBe(1)
    expect(log.splice(0).join('')).toMatch(/a fault.*not trying again/s)
  })
})
