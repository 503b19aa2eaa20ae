import type { Logger } from '@foreman/process/logger'
import type { DueDelivery, Store } from '@foreman/store'
import { type Deliver, sign } from '@foreman/webhooks'
import { persist } from '../persist.ts'
import type { Experience } from './hosts.ts'
import { type SendOutcome, settle } from './settle.ts'

export interface DeliveryOptions {
  readonly store: Store
  readonly logger: Logger
  readonly now: () => number
  /** A clock that nobody sets, in milliseconds since any moment. */
  readonly steady: () => number
  readonly random: () => number
  /** Each of them signs every delivery. Without a secret nothing is sent. */
  readonly secrets: readonly string[]
  readonly deliver: Deliver
}

export interface AttemptOptions extends DeliveryOptions {
  /** Cuts the attempt off. Then it does not count, and nothing is recorded. */
  readonly signal: AbortSignal
  /** Called with how the attempt went, before that is recorded. */
  readonly onOutcome: (experience: Experience) => void
}

/**
 * Sends a message once, and records what follows from it.
 *
 * @throws what the store throws when it cannot record the attempt
 */
export const attemptDelivery = async (delivery: DueDelivery, options: AttemptOptions): Promise<void> => {
  const { store, logger, now, random, signal, onOutcome } = options
  const { id, url, failures } = delivery
  const at = now()
  const outcome = await post(delivery, at, options)
  if (signal.aborted) return
  onOutcome({ isAnswered: outcome.kind === 'answered', durationMs: outcome.durationMs })
  const { attempt, result } = settle(outcome, { at, failures, nowMs: now(), random })
  const about = { delivery: id, url: shownUrl(url) }
  logger.debug({ ...about, ...attempt, result: result.kind }, 'webhook sent')
  if (result.kind === 'dead' || result.kind === 'gone')
    logger.info({ ...about, result: result.kind }, 'a webhook is given up')
  const recorded = { delivery, attempt, result, now: now() }
  try {
    await persist(() => store.deliveries.record(recorded), logger, signal)
  } catch (error) {
    if (!signal.aborted) throw error
  }
}

/** An error of foreman's own counts as a failed attempt, so that the delivery is given up at last. */
const post = async (
  { id, url, body }: DueDelivery,
  at: number,
  { logger, steady, secrets, deliver, signal }: AttemptOptions,
): Promise<SendOutcome> => {
  const startedAt = steady()
  try {
    const signed = sign({ secrets, id, timestamp: Math.floor(at / 1000), body })
    const headers = { 'content-type': 'application/json', 'user-agent': 'foreman', ...signed }
    return await deliver({ url, headers, body }, signal)
  } catch (error) {
    logger.error({ err: error, delivery: id }, 'an error within foreman ended the sending of a webhook')
    const message = 'an error within foreman ended the attempt'
    return { kind: 'failed', code: 'internal_error', message, durationMs: Math.round(steady() - startedAt) }
  }
}

/** Without query and fragment: receivers put secrets there. */
const shownUrl = (url: string): string => url.replace(/[?#].*$/s, '')
