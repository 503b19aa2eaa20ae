import { isBusy, isFull } from '@foreman/store'
import { setTimeout as delay } from 'node:timers/promises'
import type { Logger } from './logger.ts'

const WAIT_MS = 500

/**
 * Does a write that must not be given up: while the disk is full or another process holds the file, it is tried
 * again, and all that depends on it waits. Errors of other kinds are thrown.
 *
 * @param signal gives up all the same, with its reason
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
      if (!isBusy(error) && !isFull(error)) throw error
      logger.warn({ err: error }, 'the file takes no writes; waiting')
    }
    await delay(WAIT_MS, undefined, signal ? { signal } : undefined)
  }
}
