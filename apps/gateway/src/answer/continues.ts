import { isSameAttempt, type OutputCursor, type OutputRead } from '@foreman/store'

/** Whether what was read is output of the attempt of which a caller has bytes. Otherwise those bytes are void. */
export const continues = (has: OutputCursor | undefined, { cursor, job }: OutputRead): boolean =>
  has !== undefined && cursor !== undefined && isSameAttempt(has, cursor, job)
