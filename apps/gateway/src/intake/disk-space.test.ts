import type { StoreState } from '@foreman/store'
import { expect, test } from 'vitest'
import { tempStore } from '../testing/temp-store.ts'
import { DiskSpace } from './disk-space.ts'

/** How full the disk and the queue are. */
interface Given {
  readonly freeBytes?: number
  readonly usedBytes?: number
  readonly minFreeBytes?: number
  readonly maxDbBytes?: number
}

const trial = ({ freeBytes = 10_000, usedBytes = 0, minFreeBytes = 1_000, maxDbBytes }: Given) => {
  const state: { room: StoreState['room'] } = { room: { freeBytes, usedBytes } }
  const diskSpace = new DiskSpace({ state: () => state, minFreeBytes, maxDbBytes })
  return { diskSpace, state }
}

const refusalOf = (diskSpace: DiskSpace): unknown => {
  try {
    diskSpace.ensureRoom()
    return undefined
  } catch (error) {
    return error
  }
}

test.each<[what: string, given: Given]>([
  ['there is enough of everything', {}],
  ['exactly as much is free as must be', { freeBytes: 1_000 }],
  ['nothing has to be free', { freeBytes: 0, minFreeBytes: 0 }],
  ['the queue has no limit', { usedBytes: 1e12 }],
  ['the queue is exactly at its limit', { usedBytes: 500, maxDbBytes: 500 }],
])('there is room when %s', (_what, given) => {
  const { diskSpace } = trial(given)
  expect(diskSpace.lack).toBeUndefined()
  expect(refusalOf(diskSpace)).toBeUndefined()
})

test.each<[what: string, given: Given, lack: RegExp]>([
  ['less is free than must be', { freeBytes: 999 }, /disk/],
  ['the queue is above its limit', { usedBytes: 501, maxDbBytes: 500 }, /queue has reached/],
])('there is no room when %s', (_what, given, lack) => {
  const { diskSpace } = trial(given)
  expect(diskSpace.lack).toMatch(lack)
  expect(refusalOf(diskSpace)).toMatchObject({ status: 507, message: expect.stringMatching(lack) as string })
})

test('what the store says now counts', () => {
  const { diskSpace, state } = trial({ freeBytes: 0 })
  expect(diskSpace.lack).toMatch(/disk/)
  state.room = { freeBytes: 10_000, usedBytes: 0 }
  expect(diskSpace.lack).toBeUndefined()
})

test('the disk that is asked is the one of the queue', async () => {
  const store = await tempStore()
  const onRealDisk = (minFreeBytes: number) =>
    new DiskSpace({ state: () => store.state(), minFreeBytes, maxDbBytes: undefined }).lack
  expect(onRealDisk(1)).toBeUndefined()
  expect(onRealDisk(Number.MAX_SAFE_INTEGER)).toMatch(/disk/)
})

test('a queue whose room is not known has none', () => {
  const { diskSpace, state } = trial({ minFreeBytes: 0 })
  state.room = 'unknown'
  expect(diskSpace.lack).toBe('it is not known how much room the queue has')
  expect(refusalOf(diskSpace)).toMatchObject({ status: 507 })
})
