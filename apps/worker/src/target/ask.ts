import {
  contentCodings,
  type OllamaClient,
  ollamaErrorMessage,
  readUpTo,
  unpackAnswer,
} from '@foreman/ollama-client'
import type { HeaderPairs } from '@foreman/store'

const TIMEOUT_MS = 5_000
/** Lists of models, and what is shown of one, can be long. */
const MAX_BYTES = 16 * 1024 * 1024

/** Real ones have a few bytes. */
export const MAX_VERSION_BYTES = 64 * 1024

const JSON_HEADERS = [['Content-Type', 'application/json']] as const

export interface Question {
  readonly path: string
  /** Sent as JSON with POST. Without it the question is a GET. */
  readonly request?: object
  readonly signal: AbortSignal
  /** The longest answer that is read. Default: 16 MiB. */
  readonly maxBytes?: number
}

/** The target answered, but not with what foreman asked for. The message names the path. */
export class UnusableAnswerError extends Error {
  override readonly name = 'UnusableAnswerError'
  /** The status, where that is what is wrong. */
  readonly status: number | undefined

  constructor(message: string, status?: number) {
    super(message)
    this.status = status
  }
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
 * Asks the target, and keeps the answer as it came, unpacked.
 *
 * @throws UnusableAnswerError when the answer has more than `maxBytes` or cannot be unpacked; the connection is closed then
 * @throws when no complete answer comes
 */
export const ask = async (
  client: OllamaClient,
  { path, request, signal, maxBytes = MAX_BYTES }: Question,
): Promise<WholeAnswer> => {
  const exchange = request
    ? await client.openToRelay('POST', path, JSON_HEADERS, Buffer.from(JSON.stringify(request)), signal)
    : await client.openToRelay('GET', path, [], undefined, signal)
  const { status, headers, body } = unpackAnswer(exchange)
  const codings = contentCodings(headers)
  if (codings.length > 0) {
    body.destroy()
    throw new UnusableAnswerError(`its answer to ${path} is packed as ${codings.join(', ')}`)
  }
  const whole = await readUpTo(maxBytes, body)
  if (!whole) throw new UnusableAnswerError(`its answer to ${path} has more than ${maxBytes} bytes`)
  return { status, headers, body: whole }
}

/**
 * As `ask`, for an answer that is of use only when the target is well.
 *
 * @throws UnusableAnswerError also when the answer is an error
 */
export const askWell = async (client: OllamaClient, question: Question): Promise<WholeAnswer> => {
  const answer = await ask(client, question)
  if (answer.status !== 200)
    throw new UnusableAnswerError(`it answers ${question.path} with ${answer.status}`, answer.status)
  // A server that had to send 200 before it failed.
  const error = ollamaErrorMessage(answer.body)
  if (error !== undefined)
    throw new UnusableAnswerError(`it answers ${question.path} with an error: ${error}`)
  return answer
}
