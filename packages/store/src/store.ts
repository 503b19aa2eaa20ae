import { catalogue } from './catalogue.ts'
import { CommitWatch } from './commit-watch.ts'
import type { Durability } from './connection.ts'
import { takeExclusiveLock } from './exclusive-lock.ts'
import { GroupCommit } from './group-commit.ts'
import { housekeeping } from './housekeeping.ts'
import { logWriter } from './log.ts'
import { openConnection, type OpenOptions, walOf } from './open-store.ts'
import { output } from './output.ts'
import { presence } from './presence.ts'
import { queue } from './queue.ts'
import { runs } from './runs.ts'
import { submissions } from './submissions.ts'

export type Store = ReturnType<typeof openStore>

/**
 * Opens the queue that a gateway and a worker share. All verbs are synchronous; a write throws an error for
 * which `isBusy` or `isFull` holds when the file cannot take it now.
 *
 * @throws StoreUnusableError when the file is not one that this code may use
 */
export const openStore = (file: string, options: OpenOptions) => {
  const connection = openConnection(file, options)
  const log = logWriter(connection)
  const commits = new CommitWatch(connection.sqlite, walOf(file))
  const group = new GroupCommit(connection)
  const workerLockFile = `${file}.worker-lock`
  return {
    file,
    submissions: submissions(connection, log),
    queue: queue(connection, log),
    runs: runs(connection, log),
    output: output(connection),
    presence: presence(connection),
    catalogue: catalogue(connection),
    housekeeping: housekeeping(connection),
    commits,
    /** Does a write in one commit with others that come at the same time. */
    together: <T>(durability: Durability, write: () => T): Promise<T> => group.write(durability, write),
    /** Does several writes in one commit, now. */
    atOnce: <T>(durability: Durability, writes: () => T): T => connection.write(durability, writes),
    /** The lock of the one worker that works. Undefined: another has it. It goes with the process that holds it. */
    takeWorkerLock: () => takeExclusiveLock(workerLockFile),
    close: (): void => {
      group.flush()
      commits.close()
      connection.sqlite.close()
    },
  }
}
