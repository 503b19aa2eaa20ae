import Database from 'better-sqlite3'
import fs from 'node:fs'
import path from 'node:path'
import { setImmediate } from 'node:timers/promises'
import { afterEach, beforeEach, describe, expect, onTestFinished, test, vi } from 'vitest'
import { tempDirectory } from '../../testing/temp-directory.ts'
import { walOf } from '../open-connection.ts'
import { newFile } from '../testing/temp-store.ts'
import { CommitWatch, type CommitWatchOptions } from './commit-watch.ts'

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
const create = (wal?: CommitWatchOptions['wal']) => {
  const file = newFile()
  const [sqlite, other] = [open(file), open(file)]
  const onError = vi.fn<(error: unknown) => void>()
  const watch = new CommitWatch(sqlite, { wal: wal ?? walOf(file), onError })
  onTestFinished(() => watch.close())
  return { watch, onError, commit: commitOn(other), commitOwn: commitOn(sqlite) }
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

  test('is reported although the directory does not exist', async () => {
    const { watch, commit } = create({ directory: path.join(tempDirectory(), 'nowhere'), name: 'x-wal' })
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
    const watch = new CommitWatch(sqlite, { wal: { directory: '/nowhere', name: 'x-wal' }, onError })
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

describe('a hint of the file system', () => {
  /** A watch whose file has the version that the test says, and counts how often it is asked. No timer ever fires. */
  const createScripted = () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'setInterval'] })
    const directory = tempDirectory()
    const asked = { count: 0, version: 1 }
    const statement = { pluck: () => ({ get: () => ((asked.count += 1), asked.version) }) }
    const sqlite = { prepare: () => statement } as unknown as Database.Database
    const watch = new CommitWatch(sqlite, { wal: { directory, name: 'wal' }, onError: vi.fn<() => void>() })
    onTestFinished(() => watch.close())
    const wal = fs.openSync(path.join(directory, 'wal'), 'w')
    onTestFinished(() => fs.closeSync(wal))
    const hint = () => void fs.writeSync(wal, 'x')
    /** Waits, in turns of the event loop, for the file to be asked about. */
    const untilAsked = async (count: number) => {
      while (asked.count < count) await setImmediate()
    }
    return { watch, asked, hint, untilAsked }
  }

  test('that comes before its commit is visible is looked at again at once, without a timer', async () => {
    const { watch, asked, hint, untilAsked } = createScripted()
    const { listener } = listen(watch)
    hint()
    await untilAsked(3)
    expect(listener).not.toHaveBeenCalled()
    asked.version += 1
    while (listener.mock.calls.length === 0) await setImmediate()
  })

  test('that nothing follows is not looked at for ever', async () => {
    const { watch, asked, hint, untilAsked } = createScripted()
    listen(watch)
    hint()
    await untilAsked(3)
    const begin = performance.now()
    while (performance.now() - begin < 5) await setImmediate()
    // On a busy machine the time can be over within one turn. The look of that turn is still to come.
    for (let turn = 0; turn < 2; turn++) await setImmediate()
    const { count } = asked
    for (let turn = 0; turn < 100; turn++) await setImmediate()
    expect(asked.count).toBe(count)
  })

  test('about an own commit is looked at once', async () => {
    const { watch, asked, hint, untilAsked } = createScripted()
    listen(watch)
    watch.expectOwnHint()
    hint()
    await untilAsked(2)
    for (let turn = 0; turn < 100; turn++) await setImmediate()
    // Once when it began to listen, and once for the hint.
    expect(asked.count).toBe(2)
  })
})
