import { emitWarning } from 'node:process'
import { catalogue } from './catalogue.ts'
import { CommitWatch } from './commit-watch.ts'
import type { Durability } from './connection.ts'
import { deliveries } from './deliveries/deliveries.ts'
import { deploymentName } from './deployment.ts'
import { takeExclusiveLock } from './exclusive-lock.ts'
import { gateways } from './gateways.ts'
import { GroupCommit } from './group-commit.ts'
import { housekeeping } from './housekeeping/housekeeping.ts'
import { inPlace } from './in-place.ts'
import { changeRecorder } from './log/changes.ts'
import { logWriter } from './log/log-writer.ts'
import { type Compose, type OutboxOptions, outboxWriter } from './log/outbox.ts'
import { type ConnectionOptions, openConnection, walOf } from './open-connection.ts'
import { output } from './output/output.ts'
import { queue } from './queue/queue.ts'
import { records as recordsOf } from './records/records.ts'
import { runs } from './runs/runs.ts'
import { submissions } from './submissions/submissions.ts'
import { target } from './target.ts'
import { workers } from './workers.ts'

export type Store = ReturnType<typeof openStore>

export interface OpenOptions extends ConnectionOptions, Pick<OutboxOptions, 'onMessageError'> {
  /**
   * Writes the body of a webhook message. A process that changes jobs needs it: without it, a change that a webhook
   * reports is refused.
   */
  readonly compose?: Compose
  /**
   * Called when looking for commits has failed. It is repeated, and an error that goes on is reported rarely. Default: a
   * warning of the process.
   */
  readonly onError?: (error: unknown) => void
}

const warnOf = (error: unknown): void => emitWarning(error instanceof Error ? error : String(error))

const refuseToCompose: Compose = ({ job, event }) => {
  throw new Error(
    `${job.id}: the store was opened without \`compose\`, so it cannot write the webhook message ${event}`,
  )
}

/**
 * Opens the queue that gateways and workers share; creates or migrates the file if needed. All verbs are synchronous. A
 * write throws an error for which `isBusy` or `isFull` holds when the file cannot take it now.
 *
 * @throws StoreUnusableError when this code may not use the file
 * @example
 * const store = openStore('foreman.db', { busyTimeoutMs: 5_000 })
 * const claim = store.queue.claimNext('llama', 'first', Date.now(), Date.now())
 * store.close()
 */
export const openStore = (named: string, options: OpenOptions) => {
  const connection = openConnection(named, options)
  const file = connection.sqlite.name
  const records = recordsOf(connection)
  const log = logWriter(connection)
  const changes = changeRecorder(
    log,
    outboxWriter(connection, records, { ...options, compose: options.compose ?? refuseToCompose }),
  )
  const commits = new CommitWatch(connection.sqlite, { wal: walOf(file), onError: options.onError ?? warnOf })
  const group = new GroupCommit(connection)
  const workerLockFile = `${file}.worker-lock`
  return {
    /** The real path: a symbolic link is followed. */
    file,
    /** The name that all processes on this file share, and no other deployment has. */
    deployment: deploymentName(connection),
    submissions: submissions(connection, changes),
    queue: queue(connection, changes),
    runs: runs(connection, log, changes),
    output: output(connection),
    records,
    deliveries: deliveries(connection),
    target: target(connection),
    workers: workers(connection),
    gateways: gateways(connection),
    catalogue: catalogue(connection),
    housekeeping: housekeeping(connection),
    commits,
    /** Runs a write, in one commit with other writes of the same turn of the event loop. */
    together: <T>(durability: Durability, write: () => T): Promise<T> => group.write(durability, write),
    /** Runs several writes in one commit, now. */
    atOnce: <T>(durability: Durability, writes: () => T): T => connection.write(durability, writes),
    /**
     * Takes the lock of the active worker. The operating system drops it when the process dies.
     *
     * @returns undefined when another worker has it
     */
    takeWorkerLock: () => takeExclusiveLock(workerLockFile),
    /**
     * Whether the path that this store was opened with still leads to the file that is open, and so do the paths beside
     * it. If not, other processes do not see what this one writes.
     */
    isInPlace: inPlace([named, `${file}-wal`, `${file}-shm`]),
    close: (): void => {
      group.flush()
      commits.close()
      connection.sqlite.close()
    },
  }
}
