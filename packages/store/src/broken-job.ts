import { mayPass } from './errors.ts'

/** What is stored of a job keeps foreman from working on it. Other jobs are not affected. */
export class BrokenJobError extends Error {
  override readonly name = 'BrokenJobError'
  readonly seq: number

  constructor(seq: number, cause: unknown) {
    super(`job ${seq} cannot be worked on`, { cause })
    this.seq = seq
  }
}

/**
 * Does something with one job.
 *
 * @throws BrokenJobError when it failed because of what is stored of the job
 * @throws Error when the file cannot be read or written now: then the same may succeed later
 */
export const withJob = <T>(seq: number, act: () => T): T => {
  try {
    return act()
  } catch (error) {
    if (mayPass(error)) throw error
    throw new BrokenJobError(seq, error)
  }
}
