import type { Logger } from '@foreman/process/logger'
import { mayPass } from '@foreman/store'
import { setTimeout as delay } from 'node:timers/promises'

/** The pause before a write that the file could not take is tried again. */
const WAIT_MS = 500
/** The pause before a loop whose write failed comes back to the file. */
export const RETRY_MS = 200

/**
 * Repeats a write until it succeeds, for what must not get lost. While the disk is full or another process holds the
 * file, whatever awaits the write waits too.
 *
 * @param signal ends the repetition
 * @throws AbortError when `signal` has ended the repetition, or an error that repeating does not cure
 */
export const persist = async (
  write: () => Promise<void>,
  logger: Logger,
  signal?: AbortSignal,
): Promise<void> => {
  for (;;) {
    try {
      return await write()
    } catch (error) {
      if (!mayPass(error)) throw error
      logger.warn({ err: error }, 'the file is busy or full; waiting')
    }
    await delay(WAIT_MS, undefined, signal ? { signal } : undefined)
  }
}

/**
 * Reads and writes once, for a loop that comes back to it by itself. Never throws: what fails is logged, and the loop
 * tries again.
 *
 * @param otherwise what the loop does when the file cannot be read or written now; it is logged
 * @returns what `write` returns, or undefined when it failed
 */
export const tryWrite = <T extends object | number | boolean>(
  write: () => T,
  logger: Logger,
  otherwise: string,
): T | undefined => {
  try {
    return write()
  } catch (error) {
    if (mayPass(error)) logger.warn({ err: error }, `the file is busy or full; ${otherwise}`)
    else logger.error({ err: error }, `something failed that should not; ${otherwise}`)
    return undefined
  }
}

/**
 * Does one of several steps within `tryWrite`. An error in it is logged with its stack, and the steps after it go on.
 *
 * @returns what `step` returns, or undefined when it failed
 * @throws the error of a file that is busy or full: the steps after it would wait in vain as well
 */
export const isolate = <T>(step: () => T, logger: Logger, what: string): T | undefined => {
  try {
    return step()
  } catch (error) {
    if (mayPass(error)) throw error
    logger.error({ err: error }, `could not ${what}`)
    return undefined
  }
}

/** Does one unit of work. Whatever it throws is logged with its stack, and goes no further. */
export const contain = (work: () => void, logger: Logger, what: string): void => {
  try {
    work()
  } catch (error) {
    logger.error({ err: error }, `could not ${what}`)
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
