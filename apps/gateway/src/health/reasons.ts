import { isAlive, type TargetRow, type WorkerRow } from '@foreman/store'

export interface Observed {
  readonly worker: WorkerRow | undefined
  readonly target: TargetRow
  readonly lackOfRoom: string | undefined
  readonly locksAreBroken: boolean
  readonly isWritable: boolean
  readonly isStopping: boolean
  readonly now: number
}

export interface Health {
  readonly status: 'ok'
  readonly degraded: boolean
  readonly reasons?: string[]
}

/** What keeps jobs from being accepted. */
const notAccepting = (seen: Observed): string[] => [
  ...(seen.isStopping ? ['stopping'] : []),
  ...(seen.locksAreBroken ? ['file_locks_do_not_work'] : []),
  ...(seen.isWritable ? [] : ['queue_not_writable']),
  ...(seen.lackOfRoom === undefined ? [] : ['no_room']),
]

/** What keeps jobs from being run as they should. */
const notRunning = ({ worker, target, now }: Observed): string[] => [
  ...(isAlive(worker, now) ? [] : ['worker_away']),
  ...(target.state === 'up' ? [] : ['target_away']),
  ...(target.stalledAt === null ? [] : ['target_silent']),
  ...(target.embedderDoesNotFit ? ['embedder_does_not_fit'] : []),
]

export const readiness = (seen: Observed): { ready: boolean; reasons: string[] } => {
  const reasons = notAccepting(seen)
  return { ready: reasons.length === 0, reasons }
}

export const health = (seen: Observed): Health => {
  const reasons = [...notRunning(seen), ...notAccepting(seen)]
  return reasons.length === 0 ? { status: 'ok', degraded: false } : { status: 'ok', degraded: true, reasons }
}
