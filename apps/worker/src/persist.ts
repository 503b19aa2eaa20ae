import type { Logger } from '@foreman/process/logger'
import { untilPossible } from '@foreman/store'

/**
 * Repeats a verb until it succeeds, for what must not get lost. While the store does not do it, such as a write on a full
 * disk, whatever awaits it waits too. Both the repetitions and their log lines become rarer.
 *
 * @param signal ends the repetition
 * @throws AbortError when `signal` has ended the repetition, or an error that repeating does not cure
 */
export const persist = <T>(act: () => Promise<T>, logger: Logger, signal?: AbortSignal): Promise<T> =>
  untilPossible(act, {
    onFailure: err => logger.warn({ err }, 'the queue cannot be used now; waiting'),
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
export const writeQuietly = async (
  write: () => Promise<unknown>,
  logger: Logger,
  what: string,
): Promise<void> => {
  try {
    await write()
  } catch (error) {
    logger.warn({ err: error }, `could not ${what}`)
  }
}
