import { randomUUID } from 'node:crypto'
import { emitWarning } from 'node:process'
import type { Locks, Store } from '../contract.ts'
import type { OpenOptions } from '../open-store.ts'
import type { Compose, Lock } from '../values.ts'
import { batches } from './batches/batches.ts'
import { files } from './batches/files.ts'
import { catalogue } from './catalogue.ts'
import { changesOf } from './changes/changes.ts'
import { CommitWatch } from './changes/commit-watch.ts'
import { toucher } from './changes/touch.ts'
import type { Connection } from './connection.ts'
import { ensureUndamaged } from './damage-check.ts'
import { deliveries } from './deliveries/deliveries.ts'
import { deploymentName } from './deployment.ts'
import { type ExclusiveLock, takeExclusiveLock } from './exclusive-lock.ts'
import { flushAhead } from './flush-ahead.ts'
import { gateways } from './gateways.ts'
import { GroupCommit } from './group-commit.ts'
import { history } from './history/history.ts'
import { changeRecorder } from './log/changes.ts'
import { logWriter } from './log/log-writer.ts'
import { outboxWriter } from './log/outbox.ts'
import { openConnection } from './open-connection.ts'
import { output } from './output/output.ts'
import { queue } from './queue/queue.ts'
import { prepareBySeq } from './records/job-record.ts'
import { records } from './records/records.ts'
import { runs } from './runs/runs.ts'
import { inPlace } from './state/in-place.ts'
import { LockTest } from './state/lock-test.ts'
import { stateOf } from './state/state.ts'
import { holds } from './steering/holds.ts'
import { operations } from './steering/operations.ts'
import { prepareCancel } from './submissions/cancel.ts'
import { submissions } from './submissions/submissions.ts'
import { target } from './target.ts'
import { upkeep } from './upkeep/upkeep.ts'
import { reads, writesOf } from './verbs.ts'
import { prepareActive, workers } from './workers.ts'

/** How long a write of this process may block it while another process writes. */
const BUSY_TIMEOUT_MS = {
  // All other requests of a gateway would wait with the write. It tries again instead.
  gateway: 5,
  worker: 5_000,
} as const

const LOCK_TEST_MS = 10_000

const warnOf = (error: unknown): void => emitWarning(error instanceof Error ? error : String(error))

const refuseToCompose: Compose = ({ job, event }) => {
  throw new Error(
    `${job.id}: the store was opened without \`compose\`, so it cannot write the webhook message ${event}`,
  )
}

/**
 * Opens the file of the queue; creates or migrates it if needed.
 *
 * @throws StoreUnusableError when this code may not use the file
 */
export const openSqlite = (named: string, { role, compose, onMessageError, onError }: OpenOptions): Store => {
  const connection = openFor(role, named)
  const { sqlite } = connection
  const file = sqlite.name
  const log = logWriter(connection)
  const outbox = outboxWriter(connection, prepareBySeq(connection), {
    compose: compose ?? refuseToCompose,
    onMessageError,
  })
  const recorder = changeRecorder(log, outbox)
  const commits = new CommitWatch(sqlite, { file, onError: onError ?? warnOf })
  const hints = toucher(file)
  const disk = flushAhead(`${file}-wal`)
  const group = new GroupCommit(connection, news => {
    if (news !== 'never') hints[news]()
    disk.noteCommit()
  })
  const writes = writesOf(group)
  const cancel = prepareCancel(connection, recorder)
  const takeWorkerLock = () => takeExclusiveLock(`${file}.worker-lock`)
  const lockTest = new LockTest({ activeWorker: prepareActive(connection), takeWorkerLock, now: Date.now })
  const locks = locksOf(takeWorkerLock)
  const lockTimer = role === 'gateway' ? startLockTest(lockTest) : undefined
  return {
    deployment: deploymentName(connection),
    now: Date.now,
    state: stateOf(connection, { lockTest, isInPlace: inPlace([named, `${file}-wal`, `${file}-shm`]) }),
    submissions: submissions(connection, writes, recorder),
    queue: queue(connection, writes, recorder),
    runs: runs(connection, { writes, log, changes: recorder }),
    output: output(connection),
    records: records(connection),
    batches: batches(connection, writes, cancel),
    files: files(connection, writes),
    deliveries: deliveries(connection, writes),
    target: target(connection, writes),
    catalogue: catalogue(connection, writes),
    workers: workers(connection, writes),
    gateways: gateways(connection, writes, cancel),
    upkeep: upkeep(connection, writes),
    holds: holds(connection, writes),
    operations: operations(connection, writes),
    history: history(connection, writes),
    locks,
    changes: changesOf(connection, commits),
    close: async () => {
      clearInterval(lockTimer)
      await group.finish()
      commits.close()
      hints.close()
      await disk.close()
      locks.releaseAll()
      sqlite.close()
    },
  }
}

const openFor = (role: OpenOptions['role'], named: string): Connection => {
  const connection = openConnection(named, { busyTimeoutMs: BUSY_TIMEOUT_MS[role] })
  try {
    if (role === 'worker') ensureUndamaged(connection.sqlite)
    return connection
  } catch (error) {
    connection.sqlite.close()
    throw error
  }
}

/** The operating system drops the lock when the process dies, and only then: a lock of a file is never lost. */
const locksOf = (takeWorkerLock: () => ExclusiveLock | undefined): Locks & { releaseAll(): void } => {
  const taken = new Set<Lock>()
  return {
    take: reads(() => {
      const exclusive = takeWorkerLock()
      if (!exclusive) return undefined
      const lock: Lock = {
        holder: randomUUID(),
        release: () => {
          taken.delete(lock)
          exclusive.release()
        },
      }
      taken.add(lock)
      return lock
    }),
    releaseAll: () => {
      for (const lock of taken) lock.release()
    },
  }
}

/** A step that fails says nothing about the locks. The next step follows soon. */
const startLockTest = (lockTest: LockTest): NodeJS.Timeout => {
  const check = () => {
    try {
      lockTest.check()
    } catch {}
  }
  check()
  return setInterval(check, LOCK_TEST_MS).unref()
}
