import type { Logger } from '@foreman/process/logger'
import { Backoff, type Store } from '@foreman/store'
import type { DiskSpace } from '../intake/disk-space.ts'
import type { Observed } from './reasons.ts'

export interface ObserverOptions {
  readonly store: Pick<Store, 'state'> & {
    readonly workers: Pick<Store['workers'], 'active'>
    readonly target: Pick<Store['target'], 'read'>
  }
  readonly diskSpace: Pick<DiskSpace, 'lack'>
  readonly isStopping: () => boolean
  readonly logger: Logger
  readonly now: () => number
}

/**
 * Looks at everything that /healthz and /readyz report, and writes nothing. Never throws: a queue that cannot be read is itself
 * reported.
 */
export const observer = (options: ObserverOptions): (() => Promise<Observed>) => {
  const { store, diskSpace, isStopping, logger, now } = options
  const reads = new Backoff()
  const rows = async (): Promise<Pick<Observed, 'worker' | 'target'>> => {
    try {
      const [worker, target] = await Promise.all([store.workers.active(), store.target.read()])
      reads.succeeded()
      return { worker, target }
    } catch (error) {
      if (reads.failed()) logger.error({ err: error }, 'the queue cannot be read')
      return { worker: undefined, target: undefined }
    }
  }
  return async () => ({
    ...(await rows()),
    lackOfRoom: diskSpace.lack,
    faults: store.state().faults.map(({ name }) => name),
    isStopping: isStopping(),
    now: now(),
  })
}
