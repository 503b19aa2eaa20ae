import { setTimeout as delay } from 'node:timers/promises'
import { Backoff } from './backoff.ts'
import { mayPass } from './errors.ts'

export interface UntilPossibleOptions {
  /** Called for the failures that should be reported: ever more rarely. */
  readonly onFailure?: (error: unknown) => void
  /** Ends the repetition. */
  readonly signal?: AbortSignal | undefined
}

/**
 * Repeats something with the store until it succeeds, ever more rarely, while the store does not do it now.
 *
 * @throws AbortError when `signal` has ended the repetition, or an error that repeating does not cure
 */
export const untilPossible = async <T>(
  act: () => Promise<T>,
  { onFailure, signal }: UntilPossibleOptions = {},
): Promise<T> => {
  const backoff = new Backoff()
  for (;;) {
    try {
      return await act()
    } catch (error) {
      if (!mayPass(error)) throw error
      if (backoff.failed()) onFailure?.(error)
    }
    await delay(backoff.restMs, undefined, signal ? { signal } : undefined)
  }
}
