import type { Logger } from '@foreman/process/logger'
import { untilPossible } from '@foreman/store'

/**
 * Repeats a write until it succeeds, for what must not get lost. While the file cannot be written, such as on a full
 * disk, whatever awaits the write waits too. Both the repetitions and their log lines become rarer.
 *
 * @param signal ends the repetition
 * @throws AbortError when `signal` has ended the repetition, or an error that repeating does not cure
 */
export const persist = (write: () => Promise<void>, logger: Logger, signal?: AbortSignal): Promise<void> =>
  untilPossible(write, {
    onFailure: err => logger.warn({ err }, 'the file cannot be written now; waiting'),
    signal,
  })

/**
 * Does one unit of work. Whatever it throws is logged with its stack, and goes no further.
 *
 * @returns undefined when it failed
 */
export const contain = <T>(work: () => T, logger: Logger, what: string): T | undefined => {
  try {
    return work()
  } catch (error) {
    logger.error({ err: error }, `could not ${what}`)
    return undefined
  }
}

/** Tries a write once and only logs a failure, for facts that the next write brings up to date. */
export const writeQuietly = (write: () => void, logger: Logger, what: string): void => {
  try {
    write()
  } catch (error) {
    logger.warn({ err: error }, `could not ${what}`)
  }
}
