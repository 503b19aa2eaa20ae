import { isUnavailable } from '@foreman/store'
import { setTimeout as delay } from 'node:timers/promises'
import { type Refusal, retryLater } from './refusal.ts'

/** How long a caller waits while others keep the queue busy. */
const PATIENCE_MS = 250
const PAUSE_MS = 10

export const queueBusy = (): Refusal => retryLater(503, 'the queue is busy', 1, 'queue_busy')

/**
 * Asks the queue for a caller. While others keep the queue busy, it asks again, for a quarter of a second.
 *
 * @throws Refusal with 503 when the queue is busy for longer
 */
export const whenAvailable = async <T>(ask: () => Promise<T>): Promise<T> => {
  const deadline = performance.now() + PATIENCE_MS
  for (;;) {
    try {
      return await ask()
    } catch (error) {
      if (!isUnavailable(error)) throw error
      if (performance.now() > deadline) throw queueBusy()
    }
    await delay(PAUSE_MS)
  }
}
