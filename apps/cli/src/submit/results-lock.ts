import { takeExclusiveLock } from '@foreman/store'
import fs from 'node:fs'
import { UsageError } from '../failures/usage-error.ts'

export interface ResultsLock {
  release(): void
}

/**
 * Sees to it that only one process writes a file of results: two would each write all of them. The lock ends with the process, however
 * that ends; a file beside the results that serves for nothing else is left then, and the next one takes it.
 *
 * @throws UsageError when another process writes them
 */
export const lockResults = (results: string): ResultsLock => {
  const file = `${fs.realpathSync(results)}.lock`
  const lock = take(file)
  if (!lock)
    throw new UsageError(
      `another submit writes ${results}: wait for it, or give another file with --output and another --run`,
    )
  return {
    release() {
      // While it is still held: whoever has opened it meanwhile is refused.
      fs.rmSync(file, { force: true })
      lock.release()
    },
  }
}

const take = (file: string): ResultsLock | undefined => {
  try {
    return takeExclusiveLock(file)
  } catch (error) {
    throw new UsageError(`${file} cannot be locked: ${(error as Error).message}`, { cause: error })
  }
}
