import type { Changes } from '../../contract.ts'
import type { Connection } from '../connection.ts'
import { prepareChangesSince, prepareLastChange } from './changes-since.ts'
import type { CommitWatch } from './commit-watch.ts'

type LogListener = (jobs: ReadonlySet<number> | 'all') => void

/**
 * Tells listeners of the commits of other connections. One look at the log serves all who listen to it, so that a thousand
 * waiting callers cost nothing while one is served.
 */
export const changesOf = (connection: Connection, commits: Pick<CommitWatch, 'listen'>): Changes => {
  const changesSince = prepareChangesSince(connection)
  const lastChange = prepareLastChange(connection)
  const logListeners = new Set<LogListener>()
  let unlisten: (() => void) | undefined
  /** The id of the last log entry that the listeners know of. Undefined: it could not be read so far. */
  let seen: number | undefined

  const tell = (jobs: ReadonlySet<number> | 'all'): void => {
    for (const listener of logListeners) listener(jobs)
  }

  const look = (): void => {
    if (seen === undefined) {
      seen = lastChange()
      tell('all')
      return
    }
    const { upTo, jobSeqs } = changesSince(seen)
    seen = upTo
    if (jobSeqs.size > 0) tell(jobSeqs)
  }

  const lastNow = (): number | undefined => {
    try {
      return lastChange()
    } catch {
      return undefined
    }
  }

  const listenToLog = (listener: LogListener): (() => void) => {
    if (!unlisten) {
      seen = lastNow()
      unlisten = commits.listen(look)
    }
    // An object of its own, in case a listener listens twice.
    const own: LogListener = jobs => listener(jobs)
    logListeners.add(own)
    return () => {
      logListeners.delete(own)
      if (logListeners.size > 0) return
      unlisten?.()
      unlisten = undefined
    }
  }

  return {
    listen: (topic, listener) =>
      topic === 'log' ? listenToLog(listener) : commits.listen(() => listener('all')),
  }
}
