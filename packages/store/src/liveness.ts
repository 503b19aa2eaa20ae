import type { WorkerRow } from './values.ts'

/** How often a worker updates its row. */
export const HEARTBEAT_MS = 2_000
/** Another process's write may delay a heartbeat by five seconds. */
const AWAY_AFTER_MS = 8_000

/** How often a gateway updates its row. */
export const GATEWAY_HEARTBEAT_MS = 5_000

/** The reason of a target that is away because it leads back to this deployment. */
export const TARGET_IS_FOREMAN = 'it sends requests of foreman back to foreman'

/**
 * Whether a worker's last heartbeat is recent. A heartbeat may lie ahead by as much as it may be old, because a clock
 * that is corrected by a second must not make the worker look away until its next heartbeat.
 *
 * @example
 * isAlive(await store.workers.active(), store.now())
 */
export const isAlive = (worker: Pick<WorkerRow, 'heartbeatAt'> | undefined, now: number): boolean =>
  worker !== undefined && Math.abs(now - worker.heartbeatAt) <= AWAY_AFTER_MS
