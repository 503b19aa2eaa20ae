import { isBusy, isFull, KeyReusedError } from '@foreman/store'
import { setTimeout as delay } from 'node:timers/promises'
import { comeAgain, problem, Refusal } from '../http/refusal.ts'
import type { Logger } from '../logger.ts'

const PATIENCE_MS = 250
const PAUSE_MS = 10

/**
 * Does a write, again and again for a quarter of a second while another process holds the file.
 *
 * @throws Refusal with 503 when it is held longer, with 507 when the disk has no room, with 422 for a key that belongs
 *   to another request
 */
export const whenWritable = async <T>(write: () => Promise<T>): Promise<T> => {
  const deadline = performance.now() + PATIENCE_MS
  for (;;) {
    try {
      return await write()
    } catch (error) {
      if (isFull(error)) throw new Refusal(507, 'there is no room for another job')
      if (error instanceof KeyReusedError)
        throw problem(422, 'idempotency_key_reused', 'this Idempotency-Key came with another request before')
      if (!isBusy(error)) throw error
      if (performance.now() > deadline) throw comeAgain(503, 'the queue is busy', 1, 'queue_busy')
    }
    await delay(PAUSE_MS)
  }
}

/** Does a write that nobody waits for, and that must not be given up while this process lives. */
export const eventually = async (write: () => Promise<unknown>, logger: Logger): Promise<void> => {
  for (;;) {
    try {
      await write()
      return
    } catch (error) {
      if (!isBusy(error) && !isFull(error)) {
        logger.warn({ err: error }, 'a write was given up')
        return
      }
    }
    await delay(PATIENCE_MS)
  }
}
