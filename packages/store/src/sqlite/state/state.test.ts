import Database from 'better-sqlite3'
import { once } from 'node:events'
import fs from 'node:fs'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import type { Store } from '../../contract.ts'
import { startChild } from '../../testing/child.ts'
import { newJob, submitJob } from '../../testing/jobs.ts'
import { tempDirectory } from '../../testing/temp-directory.ts'
import { openUntilEnd, tempStore, versionOf } from '../testing/temp-store.ts'

/** Longer than a look at the surroundings of the file counts. */
const A_LOOK_LATER_MS = 1_100

beforeEach(() => void vi.useFakeTimers({ toFake: ['performance', 'setInterval', 'clearInterval'] }))
afterEach(() => {
  vi.useRealTimers()
  vi.restoreAllMocks()
})

const later = (ms = A_LOOK_LATER_MS) => void vi.advanceTimersByTime(ms)
const faultsOf = (store: Store) => store.state().faults.map(({ name }) => name)

describe('a queue that was moved', () => {
  test.each(['', '-wal', '-shm'])('(its file%s) has a fault until it is back', async suffix => {
    const { store, file } = await tempStore()
    const one = `${file}${suffix}`
    expect(faultsOf(store)).toEqual([])
    fs.renameSync(one, `${one}.away`)
    later()
    expect(store.state().faults).toEqual([
      { name: 'queue_replaced', refusal: 'the file of the queue was moved, deleted or replaced' },
    ])
    fs.renameSync(`${one}.away`, one)
    later()
    expect(faultsOf(store)).toEqual([])
  })

  test('is known by the name by which it was opened', async () => {
    const directory = tempDirectory()
    const link = path.join(directory, 'link.db')
    fs.symlinkSync(path.join(directory, 'one.db'), link)
    const store = await openUntilEnd(link)
    fs.unlinkSync(link)
    expect(faultsOf(store)).toEqual(['queue_replaced'])
  })

  test('is looked at once a second, however often the state is asked for', async () => {
    const { store } = await tempStore()
    const statfs = vi.spyOn(fs, 'statfsSync')
    for (let asked = 0; asked < 100; asked++) store.state()
    later(900)
    store.state()
    expect(statfs).toHaveBeenCalledTimes(1)
    later()
    store.state()
    expect(statfs).toHaveBeenCalledTimes(2)
  })
})

describe('the room of a queue', () => {
  test('is the size of its content, and what its disk has left', async () => {
    const { store, file } = await tempStore()
    const { room: before } = store.state()
    await submitJob(store, { body: Buffer.alloc(1_000_000) })
    later()
    const { room: after } = store.state()
    if (before === 'unknown' || after === 'unknown') throw new Error('the room is unknown')
    expect(after.usedBytes - before.usedBytes).toBeGreaterThan(990_000)
    const { bavail, bsize } = fs.statfsSync(path.dirname(file))
    expect(Math.abs(after.freeBytes! - bavail * bsize)).toBeLessThan(1_000_000_000)
  })

  test('is unknown when the disk cannot be looked at, and the state is known all the same', async () => {
    const { store, file } = await tempStore()
    fs.rmSync(path.dirname(file), { recursive: true })
    expect(store.state()).toMatchObject({ room: 'unknown', faults: [{ name: 'queue_replaced' }] })
  })

  test('is told while another process writes, and at once', async () => {
    const { store, run } = await tempStore()
    run('BEGIN EXCLUSIVE')
    const begin = process.hrtime.bigint()
    expect(store.state()).toMatchObject({ room: { usedBytes: expect.any(Number) as unknown }, faults: [] })
    expect(Number(process.hrtime.bigint() - begin) / 1e6).toBeLessThan(1_000)
    run('ROLLBACK')
  })
})

describe('a write that has failed', () => {
  const sqliteError = (code: string) => new Database.SqliteError(code, code)
  const refuse = async ({ submissions }: Store, error: Error) => {
    const groupKeyOf = () => {
      throw error
    }
    const refused = submissions.enqueue({ jobs: [newJob()], groupKeyOf, now: 1_000 })
    await expect(refused).rejects.toThrow(error.message)
  }

  test.each(['SQLITE_FULL', 'SQLITE_IOERR_WRITE', 'SQLITE_READONLY', 'SQLITE_CANTOPEN', 'SQLITE_CORRUPT'])(
    'with %s is a fault until a write has succeeded',
    async code => {
      const { store } = await tempStore()
      await refuse(store, sqliteError(code))
      expect(store.state().faults).toEqual([{ name: 'queue_not_writable' }])
      later()
      expect(faultsOf(store)).toEqual(['queue_not_writable'])
      await store.target.suspect(1)
      expect(faultsOf(store)).toEqual([])
    },
  )

  test('because another process was writing is a fault until a write has succeeded', async () => {
    const { store, run } = await tempStore()
    run('BEGIN IMMEDIATE')
    await expect(store.target.suspect(1)).rejects.toMatchObject({ reason: 'unavailable' })
    expect(faultsOf(store)).toEqual(['queue_not_writable'])
    run('ROLLBACK')
    expect(faultsOf(store)).toEqual(['queue_not_writable'])
    await store.target.suspect(2)
    expect(faultsOf(store)).toEqual([])
  })

  test('stays a fault after a write that changed nothing: that succeeds on a full disk, too', async () => {
    const { store } = await tempStore()
    await refuse(store, sqliteError('SQLITE_FULL'))
    await store.workers.leave('nobody')
    expect(faultsOf(store)).toEqual(['queue_not_writable'])
    await Promise.all([store.workers.leave('nobody'), store.target.suspect(1)])
    expect(faultsOf(store)).toEqual([])
  })

  test('because of what was written is no fault', async () => {
    const { store } = await tempStore()
    await refuse(store, new Error('a fault of the caller'))
    await refuse(store, sqliteError('SQLITE_CONSTRAINT_CHECK'))
    expect(faultsOf(store)).toEqual([])
  })

  test('is looked for without writing', async () => {
    const temp = await tempStore()
    const before = versionOf(temp)
    await refuse(temp.store, sqliteError('SQLITE_FULL'))
    for (let asked = 0; asked < 3; asked++) {
      temp.store.state()
      later()
    }
    expect(versionOf(temp)).toBe(before)
  })
})

describe('file locks', () => {
  const beat = (store: Store) =>
    store.workers.heartbeat({ id: 'w', pid: 1, active: true, startedAt: 1 }, store.now())
  const LOCK_TEST_MS = 10_000

  test('that do not work are a fault: a worker is alive, and its lock can be taken', async () => {
    const { store } = await tempStore()
    await beat(store)
    later(LOCK_TEST_MS)
    expect(faultsOf(store)).toEqual([])
    await expect.poll(() => store.now()).toBeGreaterThan((await store.workers.active())!.heartbeatAt)
    await beat(store)
    later(LOCK_TEST_MS)
    expect(store.state().faults).toMatchObject([
      { name: 'file_locks_do_not_work', refusal: expect.stringContaining('file locks') as unknown },
    ])
    const lock = await store.locks.take('worker', () => undefined)
    later(LOCK_TEST_MS)
    expect(faultsOf(store)).toEqual([])
    lock?.release()
  })

  test('that a worker holds are no fault, also when it is another process', async () => {
    const { store, file } = await tempStore()
    const worker = startChild(`
      const store = await openStore(await told(), { role: 'worker' })
      await store.locks.take('worker', () => undefined)
      for (;;) {
        await store.workers.heartbeat({ id: 'w', pid: 1, active: true, startedAt: 1 }, store.now())
        console.log('beaten')
        await told()
      }
    `)
    worker.tell(file)
    for (let round = 0; round < 3; round++) {
      await worker.next()
      later(LOCK_TEST_MS)
      expect(faultsOf(store)).toEqual([])
      worker.tell('beat')
    }
    worker.process.kill('SIGKILL')
    await once(worker.process, 'exit')
  })
})
