import {
  isAlive,
  type StoreFaultName,
  TARGET_IS_FOREMAN,
  type TargetRow,
  type WorkerRow,
} from '@foreman/store'

/** What health and readiness are computed from. */
export interface Observed {
  readonly worker: WorkerRow | undefined
  /** Undefined when the queue cannot be read. */
  readonly target: TargetRow | undefined
  /** What there is too little of on the disk; undefined when there is room. */
  readonly lackOfRoom: string | undefined
  /** What is wrong with the store. */
  readonly faults: readonly StoreFaultName[]
  readonly isStopping: boolean
  /** Whether an operator lets nothing start, or nothing be accepted. */
  readonly isPaused: boolean
  readonly isClosed: boolean
  readonly now: number
}

export interface Health {
  readonly status: 'ok'
  readonly degraded: boolean
  readonly paused?: true
  readonly closed?: true
  readonly reasons?: string[]
}

interface Reason {
  readonly name: string
  /** What the reason keeps from working: jobs are not accepted, or accepted jobs do not run as they should. */
  readonly affects: 'accepting' | 'running'
  readonly holds: (seen: Observed) => boolean
  /** An operator wants it so: nothing is wrong. */
  readonly isWanted?: true
}

const fault = (name: StoreFaultName): Reason => ({
  name,
  affects: 'accepting',
  holds: ({ faults }) => faults.includes(name),
})

/** Every reason that /healthz and /readyz can name. docs/operations.md says what to do about each. */
const REASONS: readonly Reason[] = [
  {
    name: 'worker_away',
    affects: 'running',
    holds: ({ worker, target, now }) => target !== undefined && !isAlive(worker, now),
  },
  {
    name: 'target_away',
    affects: 'running',
    holds: ({ target }) => target !== undefined && target.state !== 'up',
  },
  {
    name: 'target_is_foreman',
    affects: 'running',
    holds: ({ target }) => target?.state === 'away' && target.reason === TARGET_IS_FOREMAN,
  },
  {
    name: 'target_incomplete',
    affects: 'running',
    holds: ({ target }) => target?.state === 'up' && target.reason !== null,
  },
  { name: 'target_silent', affects: 'running', holds: ({ target }) => typeof target?.stalledAt === 'number' },
  {
    name: 'embedder_does_not_fit',
    affects: 'running',
    holds: ({ target }) => target?.embedderDoesNotFit === true,
  },
  { name: 'stopping', affects: 'accepting', holds: ({ isStopping }) => isStopping },
  { name: 'closed', affects: 'accepting', holds: ({ isClosed }) => isClosed, isWanted: true },
  fault('file_locks_do_not_work'),
  fault('queue_replaced'),
  { name: 'queue_not_readable', affects: 'accepting', holds: ({ target }) => target === undefined },
  fault('queue_not_writable'),
  { name: 'no_room', affects: 'accepting', holds: ({ lackOfRoom }) => lackOfRoom !== undefined },
]

/** The names of all of them. */
export const reasonNames: readonly string[] = REASONS.map(({ name }) => name)

const namesOf = (reasons: readonly Reason[], seen: Observed): string[] =>
  reasons.filter(({ holds }) => holds(seen)).map(({ name }) => name)

/** Whether jobs are accepted. */
export const readiness = (seen: Observed): { readonly ready: boolean; readonly reasons: string[] } => {
  const accepting = REASONS.filter(({ affects }) => affects === 'accepting')
  const reasons = namesOf(accepting, seen)
  return { ready: reasons.length === 0, reasons }
}

/** Whether anything is wrong. The status is `ok` as long as the gateway can answer. */
export const health = (seen: Observed): Health => {
  const wrong = REASONS.filter(({ isWanted }) => isWanted !== true)
  const reasons = namesOf(wrong, seen)
  return {
    status: 'ok',
    degraded: reasons.length > 0,
    ...(seen.isPaused && { paused: true }),
    ...(seen.isClosed && { closed: true }),
    ...(reasons.length > 0 && { reasons }),
  }
}
