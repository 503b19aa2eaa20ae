import {
  type AnswerCheck,
  checkAnswer,
  ConnectionError,
  countTokens,
  type Exchange,
  type GeneratingEndpoint,
  generatingEndpoint,
  type OllamaClient,
  ollamaErrorMessage,
} from '@foreman/ollama-client'
import type { Claim } from '@foreman/store'
import { type Output, OutputWriter } from './output-writer.ts'
import { type Ending, isProvisional, type StopReason } from './verdict.ts'

export interface AttemptOptions {
  readonly client: OllamaClient
  readonly jobTimeoutMs: number
  readonly stallMs: number
  /** Aborting it ends the attempt; the reason says why. */
  readonly stop: AbortSignal
  /** Keeps what arrived. Takes as long as the disk makes it wait; throws when the claim is lost. */
  readonly append: (output: Output) => Promise<void>
  /** Is told how many tokens have come so far. */
  readonly onTokens: (tokens: number) => void
}

/** The reason of an abort, when a watchdog made it. */
class WatchdogError extends Error {
  readonly watch: 'job_timeout' | 'stall'
  constructor(watch: 'job_timeout' | 'stall') {
    super(watch)
    this.watch = watch
  }
}

/** The reason of an abort, when foreman itself wants the attempt to end. */
export class StopError extends Error {
  readonly why: StopReason
  constructor(why: StopReason) {
    super(why)
    this.why = why
  }
}

/** A refusal is short. Of one that is not, this much is kept. */
const PROVISIONAL_BYTES = 1024 * 1024

/**
 * Sends a job's request as it came to the target, and appends what comes back as it comes back.
 *
 * @throws whatever `append` throws; the exchange is aborted then
 */
export const runAttempt = async (claim: Claim, options: AttemptOptions): Promise<Ending> => {
  const controller = new AbortController()
  const stop = () => controller.abort(options.stop.reason)
  if (options.stop.aborted) stop()
  options.stop.addEventListener('abort', stop, { once: true })
  const jobTimer = setTimeout(() => controller.abort(new WatchdogError('job_timeout')), options.jobTimeoutMs)
  const stall = stallTimer(options.stallMs, () => controller.abort(new WatchdogError('stall')))
  try {
    const endpoint = generatingEndpoint(claim.endpoint)
    // What was queued by newer code may be for a route that this code does not know.
    if (!endpoint) return { kind: 'unsendable', message: `${claim.endpoint} is no route that generates` }
    const exchange = await send(claim, options.client, controller.signal)
    if (exchange instanceof TypeError) return { kind: 'unsendable', message: exchange.message }
    stall.start()
    return isProvisional(exchange.status)
      ? await receiveProvisional(exchange)
      : await receive(exchange, endpoint, stall, options)
  } catch (error) {
    return endingOf(error, controller.signal)
  } finally {
    stall.stop()
    clearTimeout(jobTimer)
    options.stop.removeEventListener('abort', stop)
    // Whatever ended it, nothing of it goes on.
    controller.abort()
  }
}

/** @returns a TypeError for a request that HTTP cannot carry */
const send = async (
  claim: Claim,
  client: OllamaClient,
  signal: AbortSignal,
): Promise<Exchange | TypeError> => {
  try {
    return await client.open('POST', claim.path, claim.headers, claim.body, signal)
  } catch (error) {
    if (error instanceof TypeError) return error
    throw error
  }
}

const receive = async (
  exchange: Exchange,
  endpoint: GeneratingEndpoint,
  stall: ReturnType<typeof stallTimer>,
  { append, onTokens }: AttemptOptions,
): Promise<Ending> => {
  const check: AnswerCheck = checkAnswer(exchange.headers, endpoint)
  const count = countTokens(exchange.headers, endpoint)
  const writer = new OutputWriter({ status: exchange.status, headers: exchange.headers }, append)
  for await (const chunk of exchange.body as AsyncIterable<Buffer>) {
    check.push(chunk)
    count.push(chunk)
    onTokens(count.tokens)
    // A full disk that makes the write wait is not the target's silence.
    stall.stop()
    await writer.push(chunk)
    stall.start()
  }
  stall.stop()
  await writer.end()
  const usage = count.usage()
  const answered = { kind: 'answered', status: exchange.status, completeness: check.verdict() } as const
  return usage ? { ...answered, usage } : answered
}

const receiveProvisional = async (exchange: Exchange): Promise<Ending> => {
  const pieces: Buffer[] = []
  let kept = 0
  for await (const chunk of exchange.body as AsyncIterable<Buffer>) {
    if (kept < PROVISIONAL_BYTES) pieces.push(chunk)
    kept += chunk.byteLength
  }
  const { status } = exchange
  const isCut = kept > PROVISIONAL_BYTES
  const headers = exchange.headers.filter(([name]) => !(isCut && name.toLowerCase() === 'content-length'))
  const body = Buffer.concat(pieces).subarray(0, PROVISIONAL_BYTES)
  const isOllamas = ollamaErrorMessage(body) !== undefined
  return { kind: 'provisional', status, isOllamas, answer: { head: { status, headers }, body } }
}

const endingOf = (error: unknown, signal: AbortSignal): Ending => {
  const reason: unknown = signal.reason
  if (reason instanceof WatchdogError) return { kind: 'timed_out', watch: reason.watch }
  if (reason instanceof StopError) return { kind: 'stopped', why: reason.why }
  if (error instanceof ConnectionError) {
    return { kind: 'broke_off', connected: error.connected, message: reasonOf(error) }
  }
  throw error
}

/** The system's word for it. The whole message names the target's address, which is not for callers. */
const reasonOf = ({ cause }: ConnectionError): string =>
  (cause as NodeJS.ErrnoException | undefined)?.code ?? 'without a reason'

const stallTimer = (stallMs: number, onStall: () => void) => {
  let timer: NodeJS.Timeout | undefined
  const stop = () => clearTimeout(timer)
  const start = () => {
    stop()
    timer = setTimeout(onStall, stallMs)
  }
  return { start, stop }
}
