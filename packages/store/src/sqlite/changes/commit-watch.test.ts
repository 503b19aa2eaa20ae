import Database from 'better-sqlite3'
import fs from 'node:fs'
import path from 'node:path'
import { setImmediate } from 'node:timers/promises'
import { afterEach, beforeEach, describe, expect, onTestFinished, test, vi } from 'vitest'
import { tempDirectory } from '../../testing/temp-directory.ts'
import { newFile } from '../testing/temp-store.ts'
import { CommitWatch } from './commit-watch.ts'
import { touch, toucher } from './touch.ts'

afterEach(() => {
  vi.restoreAllMocks()
  vi.useRealTimers()
})

/** Opens a file until the current test ends, and creates it if needed. */
const open = (file: string): Database.Database => {
  const sqlite = new Database(file)
  onTestFinished(() => void sqlite.close())
  sqlite.pragma('journal_mode = WAL')
  sqlite.exec('CREATE TABLE IF NOT EXISTS t (x)')
  return sqlite
}

const commitOn = (sqlite: Database.Database) => () => void sqlite.exec('INSERT INTO t VALUES (1)')

/** A watch, and another connection to the same file. */
const create = ({ watched }: { readonly watched?: string } = {}) => {
  const file = newFile()
  const [sqlite, other] = [open(file), open(file)]
  const onError = vi.fn<(error: unknown) => void>()
  const watch = new CommitWatch(sqlite, { file: watched ?? file, onError })
  onTestFinished(() => watch.close())
  return { file, watch, onError, commit: commitOn(other), commitOwn: commitOn(sqlite) }
}

/** Counts calls, and waits for the first. */
const listen = (watch: CommitWatch) => {
  const listener = vi.fn<() => void>()
  const unlisten = watch.listen(listener)
  return {
    listener,
    unlisten,
    hears: () =>
      expect.poll(() => listener.mock.calls.length, { timeout: 5_000, interval: 1 }).toBeGreaterThan(0),
  }
}

describe('a commit of another connection', () => {
  test('is reported to all listeners, and not to those that have stopped listening', async () => {
    const { watch, commit } = create()
    const [first, second, third] = [listen(watch), listen(watch), listen(watch)]
    second.unlisten()
    second.unlisten()
    commit()
    await Promise.all([first.hears(), third.hears()])
    expect(second.listener).not.toHaveBeenCalled()
  })

  test('before anybody listened is not reported', async () => {
    const { watch, commit } = create()
    listen(watch).unlisten()
    commit()
    const { listener, hears } = listen(watch)
    commit()
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
  ])("is reported although the file system's watch %s", async (_what, breakIt) => {
    breakIt()
    const { watch, commit } = create()
    const { hears } = listen(watch)
    await setImmediate()
    commit()
    await hears()
  })

  test('is reported although there is no file to watch', async () => {
    const { watch, commit } = create({ watched: path.join(tempDirectory(), 'nowhere') })
    const { hears } = listen(watch)
    commit()
    await hears()
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
    const { watch, commit, commitOwn } = create()
    const { listener } = listen(watch)
    for (let own = 0; own < 5; own++) commitOwn()
    vi.advanceTimersByTime(1_000)
    expect(listener).not.toHaveBeenCalled()
    commit()
    commit()
    vi.advanceTimersByTime(1_000)
    expect(listener).toHaveBeenCalledTimes(1)
  })

  test('nothing runs while nobody listens', () => {
    const { watch } = create()
    expect(vi.getTimerCount()).toBe(0)
    const [first, second] = [listen(watch), listen(watch)]
    expect(vi.getTimerCount()).toBe(1)
    first.unlisten()
    expect(vi.getTimerCount()).toBe(1)
    second.unlisten()
    expect(vi.getTimerCount()).toBe(0)
  })

  test('nothing runs after close', () => {
    const { watch, commit } = create()
    const { listener } = listen(watch)
    watch.close()
    expect(vi.getTimerCount()).toBe(0)
    commit()
    vi.advanceTimersByTime(1_000)
    expect(listener).not.toHaveBeenCalled()
  })

  const ioError = () => new Database.SqliteError('disk I/O error', 'SQLITE_IOERR_READ')

  test('a listener that finds the file busy is called again, and nothing is reported', () => {
    const { watch, onError, commit } = create()
    const busy = new Database.SqliteError('database is locked', 'SQLITE_BUSY_RECOVERY')
    const listener = vi.fn<() => void>().mockImplementationOnce(() => {
      throw busy
    })
    watch.listen(listener)
    commit()
    vi.advanceTimersByTime(1_000)
    expect(listener).toHaveBeenCalledTimes(2)
    expect(onError).not.toHaveBeenCalled()
  })

  test('a listener that throws is called again, is reported, and keeps nothing from the others', () => {
    const { watch, onError, commit } = create()
    const failing = vi.fn<() => void>().mockImplementationOnce(() => {
      throw ioError()
    })
    watch.listen(failing)
    const { listener } = listen(watch)
    commit()
    vi.advanceTimersByTime(1_000)
    expect(failing).toHaveBeenCalledTimes(2)
    expect(listener).toHaveBeenCalledTimes(1)
    expect(onError.mock.calls).toEqual([[expect.objectContaining({ code: 'SQLITE_IOERR_READ' })]])
  })

  test('a listener that always throws is called ever more rarely', () => {
    const { watch, onError, commit } = create()
    const listener = vi.fn<() => void>(() => {
      throw new Error('a fault')
    })
    watch.listen(listener)
    commit()
    vi.advanceTimersByTime(60_000)
    expect(listener.mock.calls.length).toBeLessThan(20)
    expect(onError.mock.calls.length).toBeLessThan(8)
  })

  /** A watch that cannot read the file while `isBroken`. */
  const createBreakable = () => {
    const file = newFile()
    const [sqlite, other] = [open(file), open(file)]
    const state = { isBroken: false }
    const version = sqlite.prepare('PRAGMA data_version').pluck()
    const get = () => {
      if (state.isBroken) throw ioError()
      return version.get()
    }
    vi.spyOn(sqlite, 'prepare').mockReturnValue({ pluck: () => ({ get }) } as unknown as Database.Statement)
    const onError = vi.fn<(error: unknown) => void>()
    const watch = new CommitWatch(sqlite, { file: '/nowhere', onError })
    onTestFinished(() => watch.close())
    return { state, watch, onError, commit: commitOn(other) }
  }

  test('a look at the file that fails is repeated, and reported once', () => {
    const { state, watch, onError, commit } = createBreakable()
    const { listener } = listen(watch)
    state.isBroken = true
    commit()
    vi.advanceTimersByTime(500)
    expect(listener).not.toHaveBeenCalled()
    expect(onError).toHaveBeenCalledTimes(1)
    state.isBroken = false
    vi.advanceTimersByTime(1_000)
    expect(listener).toHaveBeenCalledTimes(1)
  })

  test('who begins to listen while the file cannot be read misses no commit after that', () => {
    const { state, watch, onError, commit } = createBreakable()
    state.isBroken = true
    const { listener } = listen(watch)
    expect(onError).toHaveBeenCalledTimes(1)
    commit()
    state.isBroken = false
    vi.advanceTimersByTime(1_000)
    expect(listener).toHaveBeenCalledTimes(1)
  })

  test('a listener may stop listening, and start again, while it is called', () => {
    const { watch, commit } = create()
    const heard: string[] = []
    const unlisten = watch.listen(() => {
      heard.push('first')
      unlisten()
      watch.listen(() => void heard.push('second'))
    })
    commit()
    vi.advanceTimersByTime(1_000)
    heard.length = 0
    commit()
    vi.advanceTimersByTime(1_000)
    expect(heard).toEqual(['second'])
  })
})

describe('a touch of the file', () => {
  // No timer ever fires.
  beforeEach(() => void vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'setInterval'] }))

  const turns = async (count: number) => {
    for (let turn = 0; turn < count; turn++) await setImmediate()
  }

  test('tells of the commit before it at once', async () => {
    const { file, watch, commit } = create()
    const { listener } = listen(watch)
    commit()
    await turns(100)
    expect(listener).not.toHaveBeenCalled()
    touch(file)
    while (listener.mock.calls.length === 0) await setImmediate()
  })

  test('without a commit of another connection tells nobody', async () => {
    const { file, watch, commit, commitOwn } = create()
    const { listener } = listen(watch)
    commitOwn()
    touch(file)
    await turns(100)
    expect(listener).not.toHaveBeenCalled()
    commit()
    touch(file)
    while (listener.mock.calls.length === 0) await setImmediate()
    expect(listener).toHaveBeenCalledTimes(1)
  })

  test('makes the poll slow, until a commit comes without one', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'setInterval', 'clearInterval'] })
    const { file, watch, commit } = create()
    const { listener } = listen(watch)
    const heardAfter = (ms: number) => {
      listener.mockClear()
      commit()
      vi.advanceTimersByTime(ms)
      return listener.mock.calls.length
    }
    expect(heardAfter(25)).toBe(1)
    commit()
    touch(file)
    listener.mockClear()
    while (listener.mock.calls.length === 0) await setImmediate()
    expect(heardAfter(200)).toBe(0)
    vi.advanceTimersByTime(50)
    expect(listener).toHaveBeenCalledTimes(1)
    expect(heardAfter(25)).toBe(1)
  })

  test('that may come a little later comes by itself, or with the next one', () => {
    const { file } = create()
    const utimes = vi.spyOn(fs, 'utimesSync')
    const hints = toucher(file)
    hints.soon()
    hints.soon()
    expect(utimes).not.toHaveBeenCalled()
    vi.advanceTimersByTime(10)
    expect(utimes).toHaveBeenCalledTimes(1)
    hints.soon()
    hints.now()
    vi.advanceTimersByTime(1_000)
    expect(utimes).toHaveBeenCalledTimes(2)
    hints.soon()
    hints.close()
    vi.advanceTimersByTime(1_000)
    expect(utimes).toHaveBeenCalledTimes(2)
  })

  test('that is not possible is no error', () => {
    expect(() => touch(path.join(tempDirectory(), 'nowhere'))).not.toThrow()
  })
})
