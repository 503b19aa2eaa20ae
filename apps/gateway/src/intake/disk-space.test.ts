import type { Store } from '@foreman/store'
import os from 'node:os'
import path from 'node:path'
import { expect, test } from 'vitest'
import { Room } from './disk-space.ts'

/** A disk and a queue of which a test says how full they are. */
const roomOn = (given: {
  freeBytes?: number
  usedBytes?: number
  minFreeBytes?: number
  maxDbBytes?: number
}) => {
  const state = {
    freeBytes: given.freeBytes ?? 10_000,
    usedBytes: given.usedBytes ?? 0,
    now: 1_000_000,
    looks: 0,
  }
  const store = {
    file: path.join(os.tmpdir(), 'foreman.db'),
    housekeeping: { usedBytes: () => state.usedBytes },
  } as unknown as Store
  const room = new Room({
    store,
    minFreeBytes: given.minFreeBytes ?? 1_000,
    maxDbBytes: given.maxDbBytes,
    now: () => state.now,
    freeBytes: () => {
      state.looks++
      return state.freeBytes
    },
  })
  return { room, state }
}

const refusal = (room: Room): unknown => {
  try {
    room.demand()
    return undefined
  } catch (error) {
    return error
  }
}

test.each<[what: string, given: Parameters<typeof roomOn>[0]]>([
  ['there is enough of everything', {}],
  ['just as much is free as must be', { freeBytes: 1_000 }],
  ['nothing need be free', { freeBytes: 0, minFreeBytes: 0 }],
  ['the queue has no limit', { usedBytes: 1e12 }],
  ['the queue is at its limit', { usedBytes: 500, maxDbBytes: 500 }],
])('there is room when %s', (_what, given) => {
  const { room } = roomOn(given)
  expect(room.lack).toBeUndefined()
  expect(refusal(room)).toBeUndefined()
})

test.each<[what: string, given: Parameters<typeof roomOn>[0], lack: RegExp]>([
  ['less is free than must be', { freeBytes: 999 }, /disk/],
  ['the queue is above its limit', { usedBytes: 501, maxDbBytes: 500 }, /queue/],
])('there is none when %s', (_what, given, lack) => {
  const { room } = roomOn(given)
  expect(room.lack).toMatch(lack)
  expect(refusal(room)).toMatchObject({ status: 507, message: expect.stringMatching(lack) as string })
})

test('the disk is asked once a second, and an old answer is not believed', () => {
  const { room, state } = roomOn({ freeBytes: 0 })
  for (let asked = 0; asked < 10; asked++) expect(room.lack).toBeDefined()
  expect(state.looks).toBe(1)
  state.freeBytes = 10_000
  state.now += 999
  expect(room.lack).toBeDefined()
  state.now += 1
  expect(room.lack).toBeUndefined()
  expect(state.looks).toBe(2)
})

test('a clock that is set back does not make an old answer last', () => {
  const { room, state } = roomOn({ freeBytes: 0 })
  expect(room.lack).toBeDefined()
  state.freeBytes = 10_000
  state.now -= 3_600_000
  expect(room.lack).toBeUndefined()
})

test('the disk that is asked is the one that the queue lies on', () => {
  const store = { file: path.join(os.tmpdir(), 'foreman.db') } as Store
  const roomWith = (minFreeBytes: number) =>
    new Room({ store, minFreeBytes, maxDbBytes: undefined, now: () => 0 })
  expect(roomWith(1).lack).toBeUndefined()
  expect(roomWith(Number.MAX_SAFE_INTEGER).lack).toBeDefined()
})
