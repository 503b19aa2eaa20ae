/**
 * The states of a job and the ways between them. docs/job-lifecycle.md draws this table; the schema's
 * CHECK constraints are made from it.
 */
export const jobStates = ['queued', 'running', 'succeeded', 'failed', 'cancelled'] as const

export type JobState = (typeof jobStates)[number]

/** The states in which a job ends. */
export const endStates = ['succeeded', 'failed', 'cancelled'] as const satisfies readonly JobState[]

export type EndState = (typeof endStates)[number]

/** From a state, the states that may come next. An end state has none: a job ends once. */
export const transitions: Readonly<Record<JobState, readonly JobState[]>> = {
  queued: ['running', 'failed', 'cancelled'],
  running: ['queued', 'succeeded', 'failed', 'cancelled'],
  succeeded: [],
  failed: [],
  cancelled: [],
}

/** Whether a word is the name of an end state. The event that ends a job has the name of its state. */
export const isEndState = (word: string): word is EndState => (endStates as readonly string[]).includes(word)
