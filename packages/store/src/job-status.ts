/**
 * The states of a job and the ways between them. docs/job-lifecycle.md draws this table; the schema's
 * CHECK constraints are made from it.
 */
export const jobStates = ['queued', 'running', 'succeeded', 'failed', 'cancelled'] as const

export type JobState = (typeof jobStates)[number]

export const terminalStates = ['succeeded', 'failed', 'cancelled'] as const satisfies readonly JobState[]

export type TerminalState = (typeof terminalStates)[number]

/** From a state, the states that may come next. A terminal state has none: a job ends once. */
export const transitions: Readonly<Record<JobState, readonly JobState[]>> = {
  queued: ['running', 'failed', 'cancelled'],
  running: ['queued', 'succeeded', 'failed', 'cancelled'],
  succeeded: [],
  failed: [],
  cancelled: [],
}

/** Whether `state` is one that a job never leaves. */
export const isTerminal = (state: JobState): state is TerminalState => transitions[state].length === 0

/** A job that was running when its worker died this often is taken for the cause, and fails as `worker_lost`. */
export const MAX_LOSSES = 3

/** How a job fails that has not ended by its deadline, wherever it is by then. */
export const DEADLINE_EXCEEDED = {
  errorCode: 'deadline_exceeded',
  errorMessage: 'the job did not end before its deadline',
} as const

/** From most to least urgent, as `jobs.priority` counts them. */
export const priorities = ['high', 'normal', 'low'] as const

export type Priority = (typeof priorities)[number]

/** `dead`: it is not tried any more. */
export const deliveryStates = ['pending', 'delivered', 'dead'] as const

export type DeliveryState = (typeof deliveryStates)[number]
