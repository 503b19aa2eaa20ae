import { type OllamaClient, ollamaErrorMessage } from '@foreman/ollama-client'
import type { HeaderPairs } from '@foreman/store'

const TIMEOUT_MS = 5_000

export interface Question {
  readonly path: string
  /** Sent as JSON with POST. Without it the question is a GET. */
  readonly request?: object
  readonly signal: AbortSignal
}

export interface WholeAnswer {
  readonly status: number
  readonly headers: HeaderPairs
  readonly body: Buffer
}

/** Ends one request to the target's metadata routes after a few seconds, or when the worker stops. */
export const timeLimit = (stopped: AbortSignal): AbortSignal =>
  AbortSignal.any([stopped, AbortSignal.timeout(TIMEOUT_MS)])

/**
 * Asks the target, and keeps the answer as it came.
 *
 * @throws when no complete answer comes
 */
export const ask = async (
  client: OllamaClient,
  { path, request, signal }: Question,
): Promise<WholeAnswer> => {
  const exchange = request
    ? await client.open('POST', path, JSON_HEADERS, Buffer.from(JSON.stringify(request)), signal)
    : await client.open('GET', path, [], undefined, signal)
  const { status, headers } = exchange
  return { status, headers, body: Buffer.concat(await exchange.body.toArray()) }
}

/**
 * As `ask`, for an answer that is of use only when the target is well.
 *
 * @throws also when the answer is an error
 */
export const askWell = async (client: OllamaClient, question: Question): Promise<WholeAnswer> => {
  const answer = await ask(client, question)
  if (answer.status !== 200) throw new Error(`it answers ${question.path} with ${answer.status}`)
  // A server that had to send 200 before it failed.
  const error = ollamaErrorMessage(answer.body)
  if (error !== undefined) throw new Error(`it answers ${question.path} with an error: ${error}`)
  return answer
}

const JSON_HEADERS = [['Content-Type', 'application/json']] as const
