import os from 'node:os'
import path from 'node:path'
import { expect, test } from 'vitest'
import { DiskSpace } from './disk-space.ts'

/** How full the disk and the queue are. */
interface Given {
  readonly freeBytes?: number
  readonly usedBytes?: number
  readonly minFreeBytes?: number
  readonly maxDbBytes?: number
}

const file = path.join(os.tmpdir(), 'foreman.db')

const trial = ({ freeBytes = 10_000, usedBytes = 0, minFreeBytes = 1_000, maxDbBytes }: Given) => {
  const state = { freeBytes, now: 1_000_000, looks: 0 }
  const diskSpace = new DiskSpace({
    file,
    usedBytes: () => usedBytes,
    minFreeBytes,
    maxDbBytes,
    now: () => state.now,
    freeBytes: () => {
      state.looks++
      return state.freeBytes
    },
  })
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

test('the disk is asked once a second, and an older answer is not used', () => {
  const { diskSpace, state } = trial({ freeBytes: 0 })
  for (let asked = 0; asked < 10; asked++) expect(diskSpace.lack).toMatch(/disk/)
  expect(state.looks).toBe(1)
  state.freeBytes = 10_000
  state.now += 999
  expect(diskSpace.lack).toMatch(/disk/)
  state.now += 1
  expect(diskSpace.lack).toBeUndefined()
  expect(state.looks).toBe(2)
})

test('an old answer is not used after the clock was set back', () => {
  const { diskSpace, state } = trial({ freeBytes: 0 })
  expect(diskSpace.lack).toMatch(/disk/)
  state.freeBytes = 10_000
  state.now -= 3_600_000
  expect(diskSpace.lack).toBeUndefined()
})

test('the disk that is asked is the one with the file of the queue', () => {
  const onRealDisk = (minFreeBytes: number) =>
    new DiskSpace({ file, usedBytes: () => 0, minFreeBytes, maxDbBytes: undefined, now: () => 0 })
  expect(onRealDisk(1).lack).toBeUndefined()
  expect(onRealDisk(Number.MAX_SAFE_INTEGER).lack).toMatch(/disk/)
})

test('a disk that cannot be asked has no room', () => {
  const diskSpace = new DiskSpace({
    file,
    usedBytes: () => 0,
    minFreeBytes: 1,
    maxDbBytes: undefined,
    now: () => 1_000,
    freeBytes: () => {
      throw new Error('EIO')
    },
  })
  expect(diskSpace.lack).toBe('it is not known how much room the queue has')
  expect(refusalOf(diskSpace)).toMatchObject({ status: 507 })
})
