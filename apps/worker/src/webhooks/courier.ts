import type { Service } from '@foreman/process'
import type { Logger } from '@foreman/process/logger'
import type { Backlog, Delivery, Store } from '@foreman/store'
import { type Deliver, sign } from '@foreman/webhooks'
import { setTimeout as delay } from 'node:timers/promises'
import { FileLoop } from '../file-loop.ts'
import { persist } from '../persist.ts'
import { type SendOutcome, settle } from './settle.ts'

const MAX_IN_FLIGHT = 32
/** Low, so that a receiver that does not answer delays only its own deliveries. */
const MAX_IN_FLIGHT_PER_HOST = 2
/** The longest pause between two looks at the outbox: a clock that is set back delays no delivery by more. */
const MAX_PAUSE_MS = 60_000
/** How long `stop()` waits for delivery attempts in flight. */
const STOP_MS = 3_000

export interface CourierOptions {
  readonly store: Store
  readonly logger: Logger
  readonly now: () => number
  readonly random: () => number
  /** Each of them signs every delivery. Without a secret nothing is sent. */
  readonly secrets: readonly string[]
  readonly deliver: Deliver
}

type DueDelivery = Delivery & { readonly body: string }

/**
 * Sends webhook deliveries when they are due. Jobs do not wait for it, and receivers do not wait for each other.
 *
 * `store.commits` reports only the commits of other processes. Deliveries that this process itself has written are
 * sent because the worker calls `sendDue()` after its own commits.
 *
 * Starting it twice is like starting it once. `stop()` may come at any time; a second one waits for the first. A
 * courier that was stopped does not start again.
 */
export class Courier implements Service {
  readonly #options: CourierOptions
  readonly #loop: FileLoop
  readonly #inFlight = new Map<number, { readonly host: string; readonly ended: Promise<void> }>()
  /** Deliveries whose attempts could not be recorded. They are still due in the file, and are made again later. */
  readonly #setAside = new Map<number, NodeJS.Timeout>()
  readonly #cutOff = new AbortController()
  #isSending = false
  #hasStarted = false
  #stopped: Promise<void> | undefined
  #timer: NodeJS.Timeout | undefined

  constructor(options: CourierOptions) {
    this.#options = options
    this.#loop = new FileLoop(options.logger)
  }

  start(): void {
    if (this.#hasStarted || this.#stopped) return
    this.#hasStarted = true
    this.#isSending = true
    this.sendDue()
  }

  /**
   * Sends nothing more, and waits a moment for the attempts in flight. An attempt that is cut off does not count: the
   * next worker makes it again.
   */
  stop(): Promise<void> {
    this.#stopped ??= this.#stop()
    return this.#stopped
  }

  /** Sends what is due, and comes back when the next delivery is due. */
  sendDue(): void {
    if (!this.#isSending) return
    clearTimeout(this.#timer)
    const what = 'look for due webhooks'
    const pauseMs = this.#loop.try(what, () => this.#sendAllDue()) ?? this.#loop.pauseMs(what)
    if (pauseMs === Infinity) return
    this.#timer = setTimeout(() => this.sendDue(), Math.min(Math.max(pauseMs, 1), MAX_PAUSE_MS))
  }

  async #stop(): Promise<void> {
    this.#isSending = false
    clearTimeout(this.#timer)
    for (const timer of this.#setAside.values()) clearTimeout(timer)
    const all = [...this.#inFlight.values()].map(({ ended }) => ended)
    const patience = new AbortController()
    await Promise.race([Promise.all(all), delay(STOP_MS, undefined, { signal: patience.signal })])
    patience.abort()
    this.#cutOff.abort()
  }

  /** @returns how long until another delivery is due. Infinity: there is none, or the end of an attempt comes first */
  #sendAllDue(): number {
    const { store, logger, now, secrets } = this.#options
    const isMoreToReschedule = store.deliveries.reschedule(now()).more
    const backlogs = store.deliveries.backlogs(undefined, Number.MAX_SAFE_INTEGER)
    if (backlogs.length > 0 && secrets.length === 0) {
      logger.warn('webhooks wait, and there is no FOREMAN_WEBHOOK_SECRET to sign them with')
      this.#isSending = false
      return Infinity
    }
    let nextAt = isMoreToReschedule ? now() : Infinity
    for (const backlog of backlogs.toSorted((a, b) => a.nextAttemptAt - b.nextAttemptAt)) {
      if (backlog.nextAttemptAt > now()) {
        nextAt = Math.min(nextAt, backlog.nextAttemptAt)
        continue
      }
      this.#sendTo(backlog)
      if (this.#inFlight.size >= MAX_IN_FLIGHT) break
    }
    return nextAt - now()
  }

  #sendTo({ host, caller }: Backlog): void {
    const inFlight = [...this.#inFlight.values()].filter(other => other.host === host).length
    if (inFlight >= MAX_IN_FLIGHT_PER_HOST) return
    const { store, now } = this.#options
    // Deliveries in flight and those set aside are still due in the file.
    const hidden = inFlight + this.#setAside.size
    const due = store.deliveries.due({ host, caller }, now(), MAX_IN_FLIGHT_PER_HOST + hidden)
    const waiting = due.filter(({ seq }) => !this.#inFlight.has(seq) && !this.#setAside.has(seq))
    const slots = Math.min(MAX_IN_FLIGHT_PER_HOST - inFlight, MAX_IN_FLIGHT - this.#inFlight.size)
    // A later delivery to this host needs no timer: the end of an attempt looks again.
    for (const delivery of waiting.slice(0, slots)) this.#send(delivery)
  }

  #send(delivery: DueDelivery): void {
    const ended = this.#attempt(delivery)
      .catch((error: unknown) => {
        this.#options.logger.error({ err: error, delivery: delivery.id }, 'a webhook failed; trying it later')
        this.#putAside(delivery)
      })
      .then(() => {
        this.#inFlight.delete(delivery.seq)
        this.sendDue()
      })
    this.#inFlight.set(delivery.seq, { host: delivery.host, ended })
  }

  #putAside({ seq }: DueDelivery): void {
    if (!this.#isSending) return
    const again = () => {
      this.#setAside.delete(seq)
      this.sendDue()
    }
    this.#setAside.set(seq, setTimeout(again, MAX_PAUSE_MS))
  }

  async #attempt(delivery: DueDelivery): Promise<void> {
    const { store, logger, now, random } = this.#options
    const { id, url, failures } = delivery
    const at = now()
    const outcome = await this.#post(delivery, at)
    if (this.#cutOff.signal.aborted) return
    const { attempt, result } = settle(outcome, { at, failures, nowMs: now(), random })
    const about = { delivery: id, url: shownUrl(url) }
    logger.debug({ ...about, ...attempt, result: result.kind }, 'webhook sent')
    if (result.kind === 'dead' || result.kind === 'gone')
      logger.info({ ...about, result: result.kind }, 'a webhook is given up')
    const write = () => store.deliveries.record(delivery, attempt, result, now())
    try {
      await persist(() => store.together('normal', write), logger, this.#cutOff.signal)
    } catch (error) {
      if (!this.#cutOff.signal.aborted) throw error
    }
  }
  /** An error of foreman's own counts as a failed attempt, so that the delivery is given up at last. */
  async #post({ id, url, body }: DueDelivery, at: number): Promise<SendOutcome> {
    const { logger, now, secrets, deliver } = this.#options
    try {
      const signed = sign({ secrets, id, timestamp: Math.floor(at / 1000), body })
      const headers = { 'content-type': 'application/json', 'user-agent': 'foreman', ...signed }
      return await deliver({ url, headers, body })
    } catch (error) {
      logger.error({ err: error, delivery: id }, 'an error within foreman ended the sending of a webhook')
      const message = 'an error within foreman ended the attempt'
      return { kind: 'failed', code: 'internal_error', message, durationMs: now() - at }
    }
  }
}

/** Without query and fragment: receivers put secrets there. */
const shownUrl = (url: string): string => url.replace(/[?#].*$/s, '')
