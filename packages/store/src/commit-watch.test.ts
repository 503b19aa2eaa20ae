import Database from 'better-sqlite3'
import fs from 'node:fs'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, onTestFinished, test, vi } from 'vitest'
import { CommitWatch } from './commit-watch.ts'
import { openStore } from './open-store.ts'
import { startChild } from './testing/child.ts'
import { newJob, tempDirectory, type TempStore, tempStore } from './testing/temp-store.ts'

afterEach(() => {
  vi.restoreAllMocks()
  vi.useRealTimers()
})

/** Opens a second connection to the same file. */
const other = ({ file }: TempStore) => {
  const store = openStore(file, { busyTimeoutMs: 1_000 })
  onTestFinished(() => store.close())
  return store
}

/** Counts calls, and waits for the first. */
const listen = ({ commits }: TempStore['store']) => {
  const listener = vi.fn<() => void>()
  const unlisten = commits.listen(listener)
  return {
    listener,
    unlisten,
    hears: () =>
      expect.poll(() => listener.mock.calls.length, { timeout: 5_000, interval: 1 }).toBeGreaterThan(0),
  }
}

describe('a commit of another', () => {
  test('process is reported soon, and can be read then', async () => {
    const temp = tempStore()
    const writer = startChild(`
      const store = openStore(await told(), { busyTimeoutMs: 1000 })
      console.log('ready')
      for (;;) {
        await told()
        store.submissions.enqueue({ path: '/', endpoint: '/', model: 'm', modelName: 'm', loadOptions: '{}', groupKey: 'm', streaming: true, headers: [], body: Buffer.alloc(1), caller: 'c', priority: 'normal' }, 1)
      }
    `)
    writer.tell(temp.file)
    await writer.next()
    let seen = temp.store.output.lastChange()
    for (let round = 0; round < 20; round++) {
      const change = new Promise<void>(resolve => {
        const unlisten = temp.store.commits.listen(() => {
          unlisten()
          resolve()
        })
      })
      writer.tell('write')
      await change
      expect(temp.store.output.lastChange()).toBeGreaterThan(seen)
      seen = temp.store.output.lastChange()
    }
  })

  test('connection is reported to all listeners, and not to those that have stopped listening', async () => {
    const temp = tempStore()
    const writer = other(temp)
    const [first, second, third] = [listen(temp.store), listen(temp.store), listen(temp.store)]
    second.unlisten()
    second.unlisten()
    writer.submissions.enqueue(newJob(), 1_000)
    await Promise.all([first.hears(), third.hears()])
    expect(second.listener).not.toHaveBeenCalled()
  })

  test('connection before anybody listened is not reported', async () => {
    const temp = tempStore()
    const writer = other(temp)
    listen(temp.store).unlisten()
    writer.submissions.enqueue(newJob(), 1_000)
    const { listener, hears } = listen(temp.store)
    writer.submissions.enqueue(newJob(), 1_000)
    await hears()
    expect(listener).toHaveBeenCalledTimes(1)
  })

  test.each([
    [
      'cannot be started',
      () =>
        vi.spyOn(fs, 'watch').mockImplementation(() => {
          throw new Error('ENOSPC')
        }),
    ],
    [
      'breaks',
      () => {
        const { watch } = fs
        vi.spyOn(fs, 'watch').mockImplementation((...args: Parameters<typeof watch>) => {
          const watcher = watch(...args)
          process.nextTick(() => watcher.emit('error', new Error('gone')))
          return watcher
        })
      },
    ],
  ])("connection is reported although the file system's watch %s", async (_what, breakIt) => {
    breakIt()
    const temp = tempStore()
    const { hears } = listen(temp.store)
    await new Promise(resolve => setImmediate(resolve))
    other(temp).submissions.enqueue(newJob(), 1_000)
    await hears()
  })

  test('connection is reported although the directory does not exist', async () => {
    const temp = tempStore()
    const sqlite = new Database(temp.file)
    const watch = new CommitWatch(sqlite, {
      wal: { directory: path.join(tempDirectory(), 'nowhere'), name: 'x-wal' },
      onError: vi.fn<() => void>(),
    })
    const listener = vi.fn<() => void>()
    watch.listen(listener)
    temp.store.submissions.enqueue(newJob(), 1_000)
    await expect.poll(() => listener.mock.calls.length, { timeout: 5_000, interval: 1 }).toBe(1)
    watch.close()
    sqlite.close()
  })
})

describe('without a watch', () => {
  beforeEach(() => {
    vi.spyOn(fs, 'watch').mockImplementation(() => {
      throw new Error('ENOSPC')
    })
    vi.useFakeTimers()
  })

  test('commits of other connections are reported once, and own commits are not', () => {
    const temp = tempStore()
    const { listener } = listen(temp.store)
    for (let commit = 0; commit < 5; commit++) temp.store.submissions.enqueue(newJob(), 1_000)
    vi.advanceTimersByTime(1_000)
    expect(listener).not.toHaveBeenCalled()
    const writer = other(temp)
    writer.submissions.enqueue(newJob(), 1_000)
    writer.submissions.enqueue(newJob(), 1_000)
    vi.advanceTimersByTime(1_000)
    expect(listener).toHaveBeenCalledTimes(1)
  })

  test('nothing runs while nobody listens', () => {
    const temp = tempStore()
    expect(vi.getTimerCount()).toBe(0)
    const [first, second] = [listen(temp.store), listen(temp.store)]
    expect(vi.getTimerCount()).toBe(1)
    first.unlisten()
    expect(vi.getTimerCount()).toBe(1)
    second.unlisten()
    expect(vi.getTimerCount()).toBe(0)
  })

  test('nothing runs after close', () => {
    const temp = tempStore()
    const { listener } = listen(temp.store)
    temp.store.commits.close()
    expect(vi.getTimerCount()).toBe(0)
    other(temp).submissions.enqueue(newJob(), 1_000)
    vi.advanceTimersByTime(1_000)
    expect(listener).not.toHaveBeenCalled()
  })

  const ioError = () => new Database.SqliteError('disk I/O error', 'SQLITE_IOERR_READ')

  test('a listener that finds the file busy is called again, and nothing is reported', () => {
    const onError = vi.fn<(error: unknown) => void>()
    const temp = tempStore({ onError })
    const busy = new Database.SqliteError('database is locked', 'SQLITE_BUSY_RECOVERY')
    const listener = vi.fn<() => void>().mockImplementationOnce(() => {
      throw busy
    })
    temp.store.commits.listen(listener)
    other(temp).submissions.enqueue(newJob(), 1_000)
    vi.advanceTimersByTime(1_000)
    expect(listener).toHaveBeenCalledTimes(2)
    expect(onError).not.toHaveBeenCalled()
  })

  test('a listener that throws is called again, is reported, and keeps nothing from the others', () => {
    const onError = vi.fn<(error: unknown) => void>()
    const temp = tempStore({ onError })
    const failing = vi.fn<() => void>().mockImplementationOnce(() => {
      throw ioError()
    })
    temp.store.commits.listen(failing)
    const { listener } = listen(temp.store)
    other(temp).submissions.enqueue(newJob(), 1_000)
    vi.advanceTimersByTime(1_000)
    expect(failing).toHaveBeenCalledTimes(2)
    expect(listener).toHaveBeenCalledTimes(1)
    expect(onError.mock.calls).toEqual([[expect.objectContaining({ code: 'SQLITE_IOERR_READ' })]])
  })

  test('a listener that always throws is called ever more rarely', () => {
    const onError = vi.fn<(error: unknown) => void>()
    const temp = tempStore({ onError })
    const listener = vi.fn<() => void>(() => {
      throw new Error('a fault')
    })
    temp.store.commits.listen(listener)
    other(temp).submissions.enqueue(newJob(), 1_000)
    vi.advanceTimersByTime(60_000)
    expect(listener.mock.calls.length).toBeLessThan(20)
    expect(onError.mock.calls.length).toBeLessThan(8)
  })

  test('a look at the file that fails is repeated, and reported once', () => {
    const temp = tempStore()
    const sqlite = new Database(temp.file)
    onTestFinished(() => void sqlite.close())
    let isBroken = false
    const version = sqlite.prepare('PRAGMA data_version').pluck()
    const get = () => {
      if (isBroken) throw ioError()
      return version.get()
    }
    vi.spyOn(sqlite, 'prepare').mockReturnValue({ pluck: () => ({ get }) } as unknown as Database.Statement)
    const onError = vi.fn<(error: unknown) => void>()
    const watch = new CommitWatch(sqlite, { wal: { directory: '/nowhere', name: 'x-wal' }, onError })
    onTestFinished(() => watch.close())
    const listener = vi.fn<() => void>()
    watch.listen(listener)
    isBroken = true
    temp.store.submissions.enqueue(newJob(), 1_000)
    vi.advanceTimersByTime(500)
    expect(listener).not.toHaveBeenCalled()
    expect(onError).toHaveBeenCalledTimes(1)
    isBroken = false
    vi.advanceTimersByTime(1_000)
    expect(listener).toHaveBeenCalledTimes(1)
  })

  test('a listener may stop listening, and start again, while it is called', () => {
    const temp = tempStore()
    const writer = other(temp)
    const heard: string[] = []
    const unlisten = temp.store.commits.listen(() => {
      heard.push('first')
      unlisten()
      temp.store.commits.listen(() => void heard.push('second'))
    })
    writer.submissions.enqueue(newJob(), 1_000)
    vi.advanceTimersByTime(1_000)
    heard.length = 0
    writer.submissions.enqueue(newJob(), 1_000)
    vi.advanceTimersByTime(1_000)
    expect(heard).toEqual(['second'])
  })
})
