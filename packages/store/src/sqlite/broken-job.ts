import { BrokenJobError } from '../errors.ts'
import { mayPass } from './sqlite-errors.ts'

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
