import type { Logger } from '@foreman/process/logger'
import {
  ArrivalLostError,
  isFull,
  KeyInUseError,
  KeyReusedError,
  mayPass,
  untilPossible,
} from '@foreman/store'
import { problem, Refusal, retryLater } from '../http/refusal.ts'
import { whenAvailable } from '../http/when-available.ts'

/**
 * Does a write that a caller waits for. While others keep the queue busy, it tries again for a quarter of a second. The write
 * may have taken effect although it failed: that is why every verb of the store can be repeated.
 *
 * @throws Refusal with 503 when the queue is busy for longer, or read-only
 * @throws Refusal with 507 when the disk is full
 * @throws Refusal with 422 when the idempotency key belongs to another request
 * @throws Refusal with 409 when the first request with the idempotency key is still being written
 * @throws Refusal with 503 when an arrival was removed, because it took too long
 */
export const whenWritable = async <T>(write: () => Promise<T>): Promise<T> => {
  try {
    return await whenAvailable(write)
  } catch (error) {
    throw refusalOf(error) ?? error
  }
}

const refusalOf = (error: unknown): Refusal | undefined => {
  if (isFull(error)) return new Refusal(507, 'there is no room for another job')
  if (error instanceof ArrivalLostError) return retryLater(503, 'writing the request took too long', 5)
  if (error instanceof KeyReusedError)
    return problem(422, 'idempotency_key_reused', 'this Idempotency-Key came with another request before')
  if (error instanceof KeyInUseError)
    return new Refusal(409, 'the first request with this Idempotency-Key is still being written', {
      headers: { 'Retry-After': '1' },
      code: 'idempotency_key_in_use',
    })
  return mayPass(error) ? retryLater(503, 'the queue cannot be written', 5, 'queue_not_writable') : undefined
}

/**
 * Does a write that no caller waits for. While the queue cannot be written, it tries again ever more rarely, as long as this
 * process lives. Any other error ends it with a line in the log.
 */
export const untilWritten = async (write: () => Promise<unknown>, logger: Logger): Promise<void> => {
  try {
    await untilPossible(write)
  } catch (error) {
    logger.warn({ err: error }, 'could not write to the queue, and not trying again')
  }
}
