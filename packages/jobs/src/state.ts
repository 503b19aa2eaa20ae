/** The states in which a job ends. */
export const endStates = ['succeeded', 'failed', 'cancelled'] as const

export type EndState = (typeof endStates)[number]

/** The states of a job. The store makes the CHECK constraints of its schema from this list. */
export const jobStates = ['queued', 'running', ...endStates] as const

export type JobState = (typeof jobStates)[number]

/** The states that may follow each state. docs/job-lifecycle.md draws this table. No state follows an end state. */
export const transitions: Readonly<Record<JobState, readonly JobState[]>> = {
  queued: ['running', 'failed', 'cancelled'],
  running: ['queued', ...endStates],
  succeeded: [],
  failed: [],
  cancelled: [],
}

/**
 * Whether a word is the name of an end state. The event that ends a job has the name of its end state, so this
 * recognises that event, too.
 *
 * @example
 * isEndState('failed') // true
 * isEndState('running') // false
 */
export const isEndState = (word: string): word is EndState => (endStates as readonly string[]).includes(word)
