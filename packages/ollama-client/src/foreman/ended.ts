const ends = new Set(['succeeded', 'failed', 'cancelled'])

/** Whether a state, or the event of that name, is a job's last. */
export const isEnd = (state: string): boolean => ends.has(state)
