import type { Logger } from '@foreman/process/logger'
import { isBusy, isFull } from '@foreman/store'
import { setTimeout as delay } from 'node:timers/promises'

/** The pause before a write that the file could not take is tried again. */
const WAIT_MS = 500
/** The pause before a loop whose write failed comes back to the file. */
export const RETRY_MS = 200

/** Another process is writing, or the disk is full: the same write may succeed later. */
const mayPass = (error: unknown): boolean => isBusy(error) || isFull(error)

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
 * Tries a write once, for a loop that comes back to it by itself.
 *
 * @param otherwise what the loop does when the file cannot take the write now; it is logged
 * @returns what `write` returns, or undefined when the file cannot take the write now
 * @throws an error that repeating does not cure
 */
export const tryWrite = <T extends object | number | boolean>(
  write: () => T,
  logger: Logger,
  otherwise: string,
): T | undefined => {
  try {
    return write()
  } catch (error) {
    if (!mayPass(error)) throw error
    logger.warn({ err: error }, `the file is busy or full; ${otherwise}`)
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
