import { describe, expect, test } from 'vitest'
import type { Store } from '../../contract.ts'
import type { Engine } from './engine.ts'
import { ending } from './look.ts'

const begun = {
  by: 'operator',
  action: 'cancel',
  subject: 'jobs',
  reason: 'wrong model',
  detail: { model: 'm' },
  matched: 7,
  gateway: 'g1',
}

export const operationsContract = (engine: Engine): void => {
  const begin = async (differing: Partial<typeof begun> = {}) => {
    const { store } = await engine.create()
    const id = await store.operations.begin({ ...begun, ...differing }, 1_000)
    const read = () => store.operations.byId(id)
    return { store, id, read }
  }

  describe('an operation that takes a while', () => {
    test('is running from its beginning on, and is listed', async () => {
      const { store, id, read } = await begin()
      const { gateway, ...rest } = begun
      const expected = {
        ...rest,
        id,
        at: 1_000,
        detail: { model: 'm', gateway },
        state: 'running',
        done: 0,
        stopRequestedAt: null,
        endedAt: null,
      }
      expect(await read()).toEqual(expected)
      expect(await store.operations.list({ limit: 9 })).toEqual([expected])
      expect(await store.operations.byId(id + 1)).toBeUndefined()
    })

    test('tells how much is done, and ends', async () => {
      const { store, id, read } = await begin()
      expect(await store.operations.progress(id, 3)).toBe(true)
      expect(await read()).toMatchObject({ state: 'running', done: 3 })
      await store.operations.end(id, { state: 'done', done: 7 }, 2_000)
      expect(await read()).toMatchObject({ state: 'done', done: 7, endedAt: 2_000 })
    })

    test('does not go on once its stop was requested, by whomever and as often as they like', async () => {
      const { store, id, read } = await begin()
      await store.operations.requestStop(id, 2_000)
      await store.operations.requestStop(id, 3_000)
      expect(await read()).toMatchObject({ state: 'running', stopRequestedAt: 2_000 })
      expect(await store.operations.progress(id, 3)).toBe(false)
      await store.operations.end(id, { state: 'stopped', done: 3 }, 4_000)
      expect(await read()).toMatchObject({ state: 'stopped', done: 3, endedAt: 4_000 })
    })

    test('stays as it is when it has ended', async () => {
      const { store, id, read } = await begin()
      await store.operations.end(id, { state: 'done', done: 7 }, 2_000)
      const before = await read()
      expect(await store.operations.progress(id, 3)).toBe(false)
      await store.operations.requestStop(id, 3_000)
      await store.operations.end(id, { state: 'failed', done: 1 }, 3_000)
      expect(await read()).toEqual(before)
      expect(await store.operations.progress(id + 1, 3)).toBe(false)
    })
  })

  describe.each<[how: string, act: (store: Store) => Promise<unknown>]>([
    ['leaves', store => store.gateways.leave('g1', 2_000)],
    ['has died', store => store.gateways.clearUpAfter('g1', { limit: 9, ...ending(2_000) })],
  ])('when its gateway %s', (_how, act) => {
    test('it has failed, with what was done', async () => {
      const { store, id, read } = await begin()
      await store.operations.progress(id, 3)
      await act(store)
      await act(store)
      expect(await read()).toMatchObject({ state: 'failed', done: 3, endedAt: 2_000 })
    })

    test('it is stopped, if that was requested', async () => {
      const { store, id, read } = await begin()
      await store.operations.requestStop(id, 1_500)
      await act(store)
      expect(await read()).toMatchObject({ state: 'stopped', endedAt: 2_000 })
    })

    test('those of others, and those that have ended, stay as they are', async () => {
      const { store, id, read } = await begin({ gateway: 'g2' })
      const ended = await store.operations.begin(begun, 1_000)
      await store.operations.end(ended, { state: 'done', done: 7 }, 1_500)
      await store.operations.note({ by: 'operator', action: 'pause' }, 1_500)
      const before = await store.operations.list({ limit: 9 })
      await act(store)
      expect(await store.operations.list({ limit: 9 })).toEqual(before)
      expect(await read()).toMatchObject({ id, state: 'running' })
    })
  })

  test('a gateway without a row, but with a running operation, is known', async () => {
    const { store } = await begin()
    expect(await store.gateways.heartbeats()).toEqual(new Map([['g1', 0]]))
    await store.gateways.heartbeat('g1')
    expect(await store.gateways.heartbeats()).toEqual(new Map([['g1', 1]]))
  })
}
