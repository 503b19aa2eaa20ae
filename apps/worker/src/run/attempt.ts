import {
  type AnswerCheck,
  checkAnswer,
  ConnectionError,
  countTokens,
  EncodingError,
  type Exchange,
  type GeneratingEndpoint,
  generatingEndpoint,
  type OllamaClient,
  ollamaErrorMessage,
  RedirectError,
  retryAfterMs,
  unpackAnswer,
  untilEnded,
} from '@foreman/ollama-client'
import type { Claim } from '@foreman/store'
import { startLoadClock, stallTimer, type StallTimer } from './clocks.ts'
import type { Ending, StopCause, Watchdog } from './ending.ts'
import type { JobLog } from './job-log.ts'
import { isProvisional } from './provisional.ts'

export interface AttemptOptions {
  readonly client: OllamaClient
  readonly now: () => number
  readonly jobTimeoutMs: number
  readonly stallMs: number
  readonly loadTimeoutMs: number
  /** Called when an answer begins that is no refusal. */
  readonly onBegun: () => void
  /** Whether the target has yet to load the model of the job. */
  readonly isLoading: () => Promise<boolean>
  /** Aborting it with a StopError ends the attempt. */
  readonly stop: AbortSignal
  readonly log: JobLog
}

/** The reason of an abort by a watchdog. */
class WatchdogError extends Error {
  readonly watchdog: Watchdog
  constructor(watchdog: Watchdog) {
    super(watchdog)
    this.watchdog = watchdog
  }
}

/** The reason of an abort by foreman itself. */
export class StopError extends Error {
  readonly why: StopCause
  constructor(why: StopCause) {
    super(why)
    this.why = why
  }
}

/** The reason of the abort behind each attempt. One for all: an abort without a reason makes an error with its stack. */
const OVER = new Error('the attempt is over')

/** How much of a provisional answer is kept. A refusal is short. */
const MAX_PROVISIONAL_BYTES = 1024 * 1024

/**
 * Sends a job's request to the target as it came, and writes the answer to the job's log as it arrives.
 *
 * @throws what the log throws; the exchange is cut off then
 */
export const runAttempt = async (claim: Claim, options: AttemptOptions): Promise<Ending> => {
  const controller = new AbortController()
  const stop = () => controller.abort(options.stop.reason)
  if (options.stop.aborted) stop()
  options.stop.addEventListener('abort', stop, { once: true })
  const jobTimer = setTimeout(() => controller.abort(new WatchdogError('job_timeout')), options.jobTimeoutMs)
  const stall = stallTimer(options.stallMs, () => controller.abort(new WatchdogError('stall')))
  const onTimeout = () => controller.abort(new WatchdogError('load_timeout'))
  const stopLoadClock = startLoadClock({ ...options, onTimeout })
  try {
    const endpoint = generatingEndpoint(claim.endpoint)
    // A newer foreman may have queued a job for a route that this one does not know.
    if (!endpoint) return { kind: 'unsendable', message: `${claim.endpoint} is no route that generates` }
    const exchange = await send(claim, options.client, controller.signal)
    if (exchange instanceof TypeError) return { kind: 'unsendable', message: exchange.message }
    stopLoadClock()
    if (exchange.status < 300) options.onBegun()
    // An answer that never streams may begin long before its only piece.
    if (endpoint.streams !== 'never') stall.start()
    return isProvisional(exchange.status)
      ? await receiveProvisional(exchange, endpoint, options.now)
      : await receive(exchange, { endpoint, stall, log: options.log })
  } catch (error) {
    return endingOf(error, controller.signal)
  } finally {
    stopLoadClock()
    stall.stop()
    clearTimeout(jobTimer)
    options.stop.removeEventListener('abort', stop)
    // However the attempt ended, the exchange does not outlive it.
    controller.abort(OVER)
  }
}

/** @returns a TypeError for a request that HTTP cannot carry */
const send = async (
  claim: Claim,
  client: OllamaClient,
  signal: AbortSignal,
): Promise<Exchange | TypeError> => {
  try {
    return unpackAnswer(await client.openToRelay('POST', claim.path, claim.headers, claim.body, signal))
  } catch (error) {
    if (error instanceof TypeError) return error
    throw error
  }
}

/** The pieces of a body. One that cannot be unpacked ends there: whether it is complete, its last piece says. */
const piecesOf = async function* (body: AsyncIterable<Buffer>): AsyncGenerator<Buffer, void> {
  try {
    yield* body
  } catch (error) {
    if (!(error instanceof EncodingError)) throw error
  }
}

interface Receiving {
  readonly endpoint: GeneratingEndpoint
  readonly stall: StallTimer
  readonly log: JobLog
}

const receive = async (exchange: Exchange, { endpoint, stall, log }: Receiving): Promise<Ending> => {
  const check: AnswerCheck = checkAnswer(exchange.headers, endpoint)
  const count = countTokens(exchange.headers, endpoint)
  log.head({ status: exchange.status, headers: exchange.headers })
  for await (const chunk of piecesOf(untilEnded(exchange.body, check))) {
    count.push(chunk)
    log.progress(count.tokens)
    const written = log.body(chunk)
    if (written) {
      // Waiting for a full disk does not count as silence of the target.
      stall.stop()
      await written
    }
    stall.start()
  }
  stall.stop()
  await log.end()
  const usage = count.usage()
  const { status } = exchange
  const answered = { kind: 'answered', status, completeness: check.verdict() } as const
  return usage ? { ...answered, usage } : answered
}

const receiveProvisional = async (
  exchange: Exchange,
  endpoint: GeneratingEndpoint,
  now: () => number,
): Promise<Ending> => {
  const pieces: Buffer[] = []
  let bytes = 0
  const check = checkAnswer(exchange.headers, endpoint)
  for await (const chunk of piecesOf(untilEnded(exchange.body, check))) {
    pieces.push(chunk)
    bytes += chunk.byteLength
    if (bytes > MAX_PROVISIONAL_BYTES) break
  }
  const { status } = exchange
  const isCut = bytes > MAX_PROVISIONAL_BYTES
  const headers = exchange.headers.filter(([name]) => !(isCut && name.toLowerCase() === 'content-length'))
  const body = Buffer.concat(pieces).subarray(0, MAX_PROVISIONAL_BYTES)
  const isOllamas = ollamaErrorMessage(body) !== undefined
  const waitMs = askedWaitMs(exchange, now)
  return { kind: 'provisional', status, isOllamas, waitMs, answer: { head: { status, headers }, body } }
}

/** How long the target asks to be left alone. A date counts from the answer's own `Date`, because two clocks may differ. */
const askedWaitMs = ({ headers }: Exchange, now: () => number): number => {
  const valueOf = (wanted: string) => headers.find(([name]) => name.toLowerCase() === wanted)?.[1]
  const sentAt = Date.parse(valueOf('date') ?? '')
  return retryAfterMs(valueOf('retry-after'), Number.isNaN(sentAt) ? now() : sentAt) ?? 0
}

/** How the codes of Node's HTTP parser begin. */
const PARSER_ERROR = 'HPE_'

const endingOf = (error: unknown, signal: AbortSignal): Ending => {
  const reason: unknown = signal.reason
  if (reason instanceof WatchdogError) return { kind: 'timed_out', watch: reason.watchdog }
  if (reason instanceof StopError) return { kind: 'stopped', why: reason.why }
  if (error instanceof RedirectError) return { kind: 'misdirected' }
  if (error instanceof ConnectionError) {
    const message = reasonOf(error)
    // The target has answered. Repeating the request would most likely bring the same answer, and cost as much.
    if (message.startsWith(PARSER_ERROR)) return { kind: 'no_http', message }
    return { kind: 'broke_off', connected: error.connected, message }
  }
  throw error
}

/** The system's error code. The whole message names the target's address, which callers must not see. */
const reasonOf = ({ cause }: ConnectionError): string =>
  (cause as NodeJS.ErrnoException | undefined)?.code ?? 'without a reason'
