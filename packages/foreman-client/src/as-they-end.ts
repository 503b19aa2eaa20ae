import { isEndState } from '@foreman/jobs'
import type { Job } from './types.ts'

/** How long foreman may wait for the end of one job while other jobs are not being watched. */
const SHORT_WAIT_S = 5

export interface AsTheyEndOptions {
  /** How many jobs are watched at a time. */
  readonly concurrency: number
  /** The longest that one call of `read` may wait. */
  readonly longestWaitS: number
  /** Reads a job when it has ended, or when the time is up. */
  readonly read: (id: string, waitS: number) => Promise<Job>
}

/**
 * Yields each of these jobs when it has ended. Jobs are watched in turns if there are more than `concurrency` of them, so
 * that a long job does not keep a job that has ended from being seen.
 */
export const asTheyEnd = async function* (
  ids: Iterable<string>,
  { concurrency, longestWaitS, read }: AsTheyEndOptions,
): AsyncGenerator<Job, void> {
  const waiting = [...new Set(ids)]
  const reads = new Map<string, Promise<[id: string, job: Job]>>()
  while (waiting.length > 0 || reads.size > 0) {
    for (const id of waiting.splice(0, concurrency - reads.size)) {
      const waitS = waiting.length > 0 ? SHORT_WAIT_S : longestWaitS
      reads.set(
        id,
        read(id, waitS).then(job => [id, job]),
      )
    }
    const [id, job] = await Promise.race(reads.values())
    reads.delete(id)
    if (isEndState(job.state)) yield job
    else waiting.push(id)
  }
}
