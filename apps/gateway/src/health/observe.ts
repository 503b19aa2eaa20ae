import type { Logger } from '@foreman/process/logger'
import { Backoff, type Store } from '@foreman/store'
import { cached } from '../http/cached.ts'
import type { DiskSpace } from '../intake/disk-space.ts'
import type { LockTest } from '../intake/lock-test.ts'
import type { QueueFile } from '../intake/queue-file.ts'
import type { Observed } from './reasons.ts'

export interface ObserverOptions {
  readonly store: Pick<Store, 'workers' | 'target' | 'housekeeping'>
  readonly diskSpace: Pick<DiskSpace, 'lack'>
  readonly queueFile: Pick<QueueFile, 'isInPlace'>
  readonly lockTest: Pick<LockTest, 'isBroken'>
  readonly isStopping: () => boolean
  readonly logger: Logger
  readonly now: () => number
}

/** Looks at everything that /healthz and /readyz report. Never throws: a file that cannot be read is itself reported. */
export const observer = (options: ObserverOptions): (() => Observed) => {
  const { store, diskSpace, queueFile, lockTest, isStopping, logger, now } = options
  // The test is a write transaction, and anybody may ask for /healthz as often as they like.
  const canWrite = cached({ read: () => store.housekeeping.canWrite(), now })
  const reads = new Backoff()
  const rows = (): Pick<Observed, 'worker' | 'target'> => {
    try {
      const read = { worker: store.workers.active(), target: store.target.read() }
      reads.succeeded()
      return read
    } catch (error) {
      if (reads.failed()) logger.error({ err: error }, 'the queue cannot be read')
      return { worker: undefined, target: undefined }
    }
  }
  return () => ({
    ...rows(),
    lackOfRoom: diskSpace.lack,
    locksAreBroken: lockTest.isBroken,
    isReplaced: !queueFile.isInPlace,
    // Between two tests, a write of a caller may have failed.
    isWritable: canWrite() && !store.housekeeping.writeHasFailed(),
    isStopping: isStopping(),
    now: now(),
  })
}
