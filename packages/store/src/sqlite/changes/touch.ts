import fs from 'node:fs'
import path from 'node:path'

/**
 * Gives processes that watch the file a hint that it has changed: sets its time of modification, which SQLite itself does only
 * at a checkpoint. Whoever gets no hint polls.
 */
export const touch = (file: string): void => {
  const now = Date.now() / 1_000
  try {
    fs.utimesSync(file, now, now)
  } catch {}
}

/** The longest that a hint waits for another, which then stands for both. */
const SOON_MS = 5

/** Gives hints for the commits of this process. */
export const toucher = (file: string) => {
  let soon: NodeJS.Timeout | undefined
  const now = (): void => {
    clearTimeout(soon)
    soon = undefined
    touch(file)
  }
  return {
    now,
    soon: (): void => {
      soon ??= setTimeout(now, SOON_MS)
    },
    close: () => clearTimeout(soon),
  }
}

/**
 * Watches for hints of any process, this one included.
 *
 * @throws when the system has no watch to give
 */
export const watchTouches = (file: string, onTouch: () => void): fs.FSWatcher => {
  // Elsewhere a watch would open the file, and SQLite would lose its locks when the watch is closed. A watch of the directory
  // also wakes this process for each write to the WAL.
  const watched = process.platform === 'linux' ? file : path.dirname(file)
  return fs.watch(watched, { persistent: false }, (_event, name) => {
    if (name === null || name === path.basename(file)) onTouch()
  })
}
