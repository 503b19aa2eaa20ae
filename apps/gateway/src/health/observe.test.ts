import type { StoreState } from '@foreman/store'
import fs from 'node:fs'
import path from 'node:path'
import { pino } from 'pino'
import { expect, test, vi } from 'vitest'
import { openForTest, tempDirectory } from '../testing/temp-store.ts'
import { observer } from './observe.ts'
import { health, readiness } from './reasons.ts'

const NOW = 1_000_000

/** A store with a worker and a target. */
const setUp = async () => {
  const file = path.join(tempDirectory(), 'queue.db')
  const store = await openForTest(file)
  const lines: string[] = []
  const observe = observer({
    store,
    diskSpace: { lack: undefined },
    isStopping: () => false,
    logger: pino({ base: null, timestamp: false }, { write: line => void lines.push(line) }),
    now: () => NOW,
  })
  await store.workers.heartbeat({ id: 'w', pid: 1, active: true, startedAt: 1 }, NOW)
  await store.target.note({ state: 'up' })
  const reasons = async () => health(await observe()).reasons ?? []
  const isReady = async () => readiness(await observe()).ready
  return { file, store, lines, reasons, isReady }
}

test('is ready when nothing is wrong', async () => {
  const { reasons, isReady } = await setUp()
  expect([await reasons(), await isReady()]).toEqual([[], true])
})

test('is not ready while the store says that something is wrong with it', async () => {
  const { store, reasons, isReady } = await setUp()
  const state = vi.spyOn(store, 'state')
  const { room } = store.state()
  const seen = (...faults: StoreState['faults']) => state.mockReturnValue({ room, faults })
  seen({ name: 'queue_not_writable' })
  expect([await reasons(), await isReady()]).toEqual([['queue_not_writable'], false])
  seen({ name: 'queue_not_writable' }, { name: 'file_locks_do_not_work', refusal: 'locks do not work' })
  expect(await reasons()).toEqual(['file_locks_do_not_work', 'queue_not_writable'])
  seen()
  expect([await reasons(), await isReady()]).toEqual([[], true])
})

test('is not ready while the path leads to another file', async () => {
  const { file, reasons, isReady } = await setUp()
  fs.renameSync(file, `${file}.away`)
  expect([await reasons(), await isReady()]).toEqual([['queue_replaced'], false])
})

test.each(['workers', 'target'] as const)(
  'is not ready, throws nothing, and says it once, while the queue cannot be read (%s)',
  async what => {
    const { store, lines, reasons, isReady } = await setUp()
    const read = what === 'workers' ? vi.spyOn(store.workers, 'active') : vi.spyOn(store.target, 'read')
    read.mockRejectedValue(new Error('disk I/O error'))
    expect([await reasons(), await isReady()]).toEqual([['queue_not_readable'], false])
    expect(lines).toHaveLength(1)
    read.mockRestore()
    expect([await reasons(), await isReady()]).toEqual([[], true])
  },
)
