import { ArrivalLostError, KeyInUseError, KeyReusedError } from '@foreman/store'
import { fullError, notWritableError, unavailableError } from '@foreman/store/testing'
import { pino } from 'pino'
import { describe, expect, onTestFinished, test, vi } from 'vitest'
import { tempStore } from '../testing/temp-store.ts'
import { untilWritten, whenWritable } from './when-writable.ts'

/** A write into a real file. */
const trial = async () => {
  const store = await tempStore()
  const state = { writes: 0 }
  const write = async () => {
    state.writes++
    await store.target.suspect(state.writes)
    return 'written'
  }
  /** The first writes fail with these errors. */
  const failing = (...errors: readonly Error[]) => {
    const rest = errors.values()
    return async () => {
      const { value: error } = rest.next()
      if (!error) return write()
      state.writes++
      throw error
    }
  }
  return { store, state, write, failing }
}

const log: string[] = []
const logger = pino({ base: null, timestamp: false }, { write: line => void log.push(line) })

describe('whenWritable', () => {
  test('returns what the write returns', async () => {
    const { write } = await trial()
    expect(await whenWritable(write)).toBe('written')
  })

  test('tries again while others keep the queue busy', async () => {
    // However busy this machine is, the quarter of a second is not over.
    const clock = vi.spyOn(performance, 'now').mockReturnValue(0)
    onTestFinished(() => clock.mockRestore())
    const { store, state, failing } = await trial()
    const busy = failing(unavailableError(), unavailableError(), unavailableError())
    expect(await whenWritable(busy)).toBe('written')
    expect([state.writes, (await store.target.read()).suspectedAt]).toEqual([4, 4])
  })

  test('refuses with 503 when the queue stays busy', async () => {
    let writes = 0
    const busy = () => {
      writes++
      return Promise.reject(unavailableError())
    }
    const startedAt = performance.now()
    await expect(whenWritable(busy)).rejects.toMatchObject({
      status: 503,
      code: 'queue_busy',
      headers: { 'Retry-After': '1' },
    })
    expect(performance.now() - startedAt).toBeGreaterThanOrEqual(250)
    expect(writes).toBeGreaterThan(1)
  })

  test.each<[status: number, what: string, error: Error, refusal: object]>([
    [503, 'the queue can only be read', notWritableError(), { code: 'queue_not_writable' }],
    [507, 'the disk is full', fullError(), { code: 'no_room' }],
    [
      422,
      'the idempotency key belongs to another request',
      new KeyReusedError('reused'),
      { code: 'idempotency_key_reused' },
    ],
    [
      409,
      'the first request with the key is being written',
      new KeyInUseError('in use'),
      { code: 'idempotency_key_in_use' },
    ],
    [503, 'an arrival took too long', new ArrivalLostError('lost'), { headers: { 'Retry-After': '5' } }],
  ])('refuses with %i when %s, and does not try again', async (status, _what, error, refusal) => {
    const { state, failing } = await trial()
    await expect(whenWritable(failing(error))).rejects.toMatchObject({ status, ...refusal })
    expect(state.writes).toBe(1)
  })

  test('throws any other error as it is', async () => {
    const error = new Error('a fault')
    await expect(whenWritable(() => Promise.reject(error))).rejects.toBe(error)
  })
})

describe('untilWritten', () => {
  test('tries again while the queue is busy or the disk is full', async () => {
    const { state, failing } = await trial()
    await untilWritten(failing(fullError(), unavailableError()), logger)
    expect(state.writes).toBe(3)
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
