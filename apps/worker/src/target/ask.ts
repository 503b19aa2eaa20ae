import type { OllamaClient } from '@foreman/ollama-client'
import type { HeaderPairs } from '@foreman/store'

const TIMEOUT_MS = 5_000

export interface WholeAnswer {
  readonly status: number
  readonly headers: HeaderPairs
  readonly body: Buffer
}

/** Ends one request to the target's metadata routes after a few seconds, or when the worker stops. */
export const timeLimit = (stopped: AbortSignal): AbortSignal =>
  AbortSignal.any([stopped, AbortSignal.timeout(TIMEOUT_MS)])

/** Reads a metadata route of the target, and keeps the answer as it came. */
export const ask = async (client: OllamaClient, path: string, stopped: AbortSignal): Promise<WholeAnswer> => {
  const exchange = await client.open('GET', path, [], undefined, timeLimit(stopped))
  const { status, headers } = exchange
  return { status, headers, body: Buffer.concat(await exchange.body.toArray()) }
}
