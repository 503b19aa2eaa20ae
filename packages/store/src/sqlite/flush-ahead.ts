import { type FileHandle, open } from 'node:fs/promises'

/** These write some hundred kilobytes. */
const COMMITS_PER_FLUSH = 8

export interface FlushAhead {
  /** To be called after each commit. */
  noteCommit(): void
  close(): Promise<void>
}

/**
 * Flushes the WAL to the disk from time to time, in a thread of its own. Otherwise the checkpoint does it, within the commit that
 * happens to begin it: flushing the megabytes of a thousand commits that did not wait for the disk takes some milliseconds.
 */
export const flushAhead = (wal: string): FlushAhead => {
  let handle: FileHandle | undefined
  let commits = 0
  let flushing: Promise<void> | undefined

  // A disk that does not flush, and a system that does so only for writers: then the checkpoint does all of it.
  const flush = async (): Promise<void> => {
    try {
      handle ??= await open(wal, 'r')
      await handle.datasync()
    } catch {}
    flushing = undefined
  }

  return {
    noteCommit: () => {
      commits += 1
      if (commits < COMMITS_PER_FLUSH || flushing) return
      commits = 0
      flushing = flush()
    },
    close: async () => {
      await flushing
      await handle?.close()
    },
  }
}
