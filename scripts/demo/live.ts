import { ForemanClient, ForemanError } from '@foreman/foreman-client'
import { ConnectionError, HTTPError, StreamError } from '@foreman/ollama-client'
import { setTimeout as delay } from 'node:timers/promises'
import type { Caller } from './callers.ts'

const AGAIN_MS = 1_000

/** A job that was cancelled, an answer that broke off, a gateway that starts again. */
const EXPECTED = [ForemanError, HTTPError, StreamError, ConnectionError]

/** Lets one head of a caller live until the signal aborts. What an operator does to its jobs, or a restart, does not put it off. */
export const live = async (
  caller: Caller,
  head: number,
  { url, token, speed, signal }: { url: string; token: string; speed: number; signal: AbortSignal },
): Promise<void> => {
  const client = new ForemanClient({ url, token })
  const pause = (ms: number) => delay(ms / speed, undefined, { signal })
  for (let round = head; !signal.aborted; round += caller.heads) {
    try {
      await caller.round({ client, pause, signal }, round)
    } catch (error) {
      if (signal.aborted) return
      if (!EXPECTED.some(kind => error instanceof kind)) throw error
      await delay(AGAIN_MS, undefined, { signal }).catch(() => undefined)
    }
  }
}
