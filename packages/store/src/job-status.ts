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
  queued: ['running', 'cancelled'],
  running: ['queued', 'succeeded', 'failed', 'cancelled'],
  succeeded: [],
  failed: [],
  cancelled: [],
}

/** Whether `state` is one that a job never leaves. */
export const isTerminal = (state: JobState): state is TerminalState => transitions[state].length === 0

/** A job that was running when its worker died this often is taken for the cause, and fails as `worker_lost`. */
export const MAX_LOSSES = 3
