import http from 'node:http'
import https from 'node:https'
import type { LookupFunction } from 'node:net'
import tls from 'node:tls'
import type { Outcome } from './classify.ts'
import { type Destination, DestinationError, type DestinationPolicy } from './destination.ts'

export interface Message {
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

export interface DelivererOptions {
  readonly policy: DestinationPolicy
  /** The time from the look-up of the name to the head of the answer. Default: 15,000. */
  readonly deadlineMs?: number
  /** How much of an answer's body is read. Default: 16,384. */
  readonly maxAnswerBytes?: number
  /** How long an answer's body is read. Default: 1,000. */
  readonly maxBodyMs?: number
  /** PEM certificates of authorities that are trusted in addition to the system's. */
  readonly ca?: string
}

/**
 * Sends a message once. Whatever the receiver does, the promise resolves.
 *
 * @param cutOff ends the attempt, which has then failed
 */
export type Deliver = (message: Message, cutOff?: AbortSignal) => Promise<Outcome>

/** How much of an answer is kept. */
const EXCERPT_CHARACTERS = 1_024
/** How long a connection is idle before the kernel asks whether the receiver is still there. */
const KEEP_ALIVE_MS = 15_000

type Failure = Omit<Extract<Outcome, { kind: 'failed' }>, 'durationMs'>
type Answer = Omit<Extract<Outcome, { kind: 'answered' }>, 'durationMs'>

/**
 * Makes a function that sends messages. Each message gets a connection of its own, to an address that the policy has
 * checked: the name is not looked up a second time. Redirects are not followed. The head of the answer is the answer,
 * whatever its body does.
 *
 * @example
 * const deliver = deliverer({ policy })
 * const outcome = await deliver({ url: 'https://receiver.example/hook', headers, body })
 */
export const deliverer = ({
  policy,
  deadlineMs = 15_000,
  maxAnswerBytes = 16_384,
  maxBodyMs = 1_000,
  ca,
}: DelivererOptions): Deliver => {
  // The context is made once, because reading the system's certificates takes longer than a delivery.
  const secureContext =
    ca === undefined ? undefined : tls.createSecureContext({ ca: [...tls.getCACertificates(), ca] })

  const head = ({ url, addresses }: Destination, { headers, body }: Message, signal: AbortSignal) =>
    new Promise<http.IncomingMessage>((resolve, reject) => {
      const { request: open } = url.protocol === 'https:' ? https : http
      const options = {
        method: 'POST',
        headers: { ...headers, 'content-length': Buffer.byteLength(body) },
        agent: false,
        lookup: lookupIn(addresses),
        signal,
        ...(secureContext && { secureContext }),
      } as const
      const request = open(url, options, resolve)
      request.on('socket', socket => socket.setKeepAlive(true, KEEP_ALIVE_MS))
      request.on('error', reject)
      request.end(body)
    })

  return async (message, cutOff) => {
    const startedAt = performance.now()
    const timeout = new AbortController()
    const timer = setTimeout(() => timeout.abort(), deadlineMs)
    const isLate = new Promise<never>((_resolve, reject) => {
      timeout.signal.addEventListener('abort', () => reject(new Error('too late')))
    })
    const end = () => timeout.abort()
    cutOff?.addEventListener('abort', end)
    const ended = (outcome: Answer | Failure): Outcome => ({
      ...outcome,
      durationMs: Math.round(performance.now() - startedAt),
    })
    try {
      if (cutOff?.aborted) end()
      const destination = await Promise.race([policy.check(message.url), isLate])
      const answer = await Promise.race([head(destination, message, timeout.signal), isLate])
      clearTimeout(timer)
      return ended(answerOf(answer, await bodyOf(answer, { maxBytes: maxAnswerBytes, maxMs: maxBodyMs })))
    } catch (error) {
      if (!timeout.signal.aborted) return ended(failureOf(error as Error))
      if (cutOff?.aborted) return ended({ kind: 'failed', code: 'timeout', message: 'foreman was stopped' })
      return ended({ kind: 'failed', code: 'timeout', message: `no answer within ${deadlineMs} ms` })
    } finally {
      clearTimeout(timer)
      cutOff?.removeEventListener('abort', end)
      timeout.abort()
    }
  }
}

/** Answers a look-up with the addresses that the policy has checked. */
const lookupIn =
  (addresses: Destination['addresses']): LookupFunction =>
  (_hostname, { all }, callback) => {
    const [first] = addresses
    if (all || !first) callback(null, [...addresses])
    else callback(null, first.address, first.family)
  }

interface BodyLimits {
  readonly maxBytes: number
  readonly maxMs: number
}

/** The beginning of a body. A body that breaks off, or that is too long or too slow, is read as far as it came. */
const bodyOf = (answer: http.IncomingMessage, { maxBytes, maxMs }: BodyLimits): Promise<Buffer> =>
  new Promise(resolve => {
    const pieces: Buffer[] = []
    let bytes = 0
    const end = () => {
      clearTimeout(timer)
      resolve(Buffer.concat(pieces).subarray(0, maxBytes))
      answer.destroy()
    }
    const timer = setTimeout(end, maxMs)
    answer.on('data', (piece: Buffer) => {
      pieces.push(piece)
      bytes += piece.byteLength
      if (bytes >= maxBytes) end()
    })
    answer.on('error', end)
    answer.on('close', end)
  })

const answerOf = ({ statusCode = 0, headers }: http.IncomingMessage, body: Buffer): Answer => {
  const retryAfter = headers['retry-after']
  return {
    kind: 'answered',
    status: statusCode,
    ...(retryAfter !== undefined && { retryAfter }),
    excerpt: body.toString().slice(0, EXCERPT_CHARACTERS),
  }
}

/** Whether a code of OpenSSL or Node says that the connection cannot be trusted. */
const isTls = (code: string): boolean => /^(ERR_(TLS|SSL)|EPROTO|.*CERT|.*SIGNATURE)/.test(code)

const failureOf = (error: Error): Failure => {
  if (error instanceof DestinationError) {
    const isRefused = error.code !== 'look_up_failed' && error.code !== 'unresolvable'
    return { kind: 'failed', code: isRefused ? 'refused_destination' : 'look_up', message: error.message }
  }
  // If several addresses were tried, the error of the last one is reported.
  const cause = error instanceof AggregateError ? (error.errors.at(-1) as Error) : error
  const { code = 'unknown' } = cause as NodeJS.ErrnoException
  if (code.startsWith('HPE_')) return { kind: 'failed', code: 'not_http', message: `not HTTP (${code})` }
  if (isTls(code)) return { kind: 'failed', code: 'tls', message: `no trusted connection (${code})` }
  return { kind: 'failed', code: 'connection', message: `the connection failed (${code})` }
}
