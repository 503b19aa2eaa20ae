import type { Logger } from '@foreman/process/logger'
import { Backoff, type HoldKind, type Store } from '@foreman/store'
import type { DiskSpace } from '../intake/disk-space.ts'
import type { Observed } from './reasons.ts'

export interface ObserverOptions {
  readonly store: Pick<Store, 'state'> & {
    readonly workers: Pick<Store['workers'], 'active'>
    readonly target: Pick<Store['target'], 'read'>
    readonly holds: Pick<Store['holds'], 'list'>
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
  const rows = async (): Promise<Pick<Observed, 'worker' | 'target' | 'isPaused' | 'isClosed'>> => {
    try {
      const [worker, target, holds] = await Promise.all([
        store.workers.active(),
        store.target.read(),
        store.holds.list(now()),
      ])
      const has = (wanted: HoldKind) => holds.some(({ kind }) => kind === wanted)
      reads.succeeded()
      return { worker, target, isPaused: has('pause'), isClosed: has('close') }
    } catch (error) {
      if (reads.failed()) logger.error({ err: error }, 'the queue cannot be read')
      return { worker: undefined, target: undefined, isPaused: false, isClosed: false }
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
