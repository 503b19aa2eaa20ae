import { type Delivery, isBusy, type Store } from '@foreman/store'
import { type Deliver, sign } from '@foreman/webhooks'
import { setTimeout as delay } from 'node:timers/promises'
import type { Logger } from '../logger.ts'
import { persist } from '../persist.ts'
import { settle } from './settle.ts'

const IN_FLIGHT = 32
/** So that a receiver that does not answer holds up nobody but itself. */
const IN_FLIGHT_PER_HOST = 2
/** A timer can wait no longer, and a clock that is set back makes no message wait longer. */
const LONGEST_REST_MS = 60_000
/** What is under way when the worker stops may end within this. */
const STOP_MS = 3_000

export interface CourierOptions {
  readonly store: Store
  readonly logger: Logger
  readonly now: () => number
  readonly random: () => number
  /** All of them sign. Without any nothing is sent. */
  readonly secrets: readonly string[]
  readonly deliver: Deliver
}

type Message = Delivery & { readonly body: string }

/** Sends the messages of the outbox when they are due. Jobs do not wait for it, nor receivers for each other. */
export class Courier {
  readonly #options: CourierOptions
  readonly #inFlight = new Map<number, { readonly host: string; readonly ended: Promise<void> }>()
  readonly #over = new AbortController()
  #isWorking = false
  #timer: NodeJS.Timeout | undefined

  constructor(options: CourierOptions) {
    this.#options = options
  }

  start(): void {
    this.#isWorking = true
    this.look()
  }

  /** Sends nothing more. A message that is cut off is sent again by the next worker, as if it had not been. */
  async stop(): Promise<void> {
    this.#isWorking = false
    clearTimeout(this.#timer)
    const all = [...this.#inFlight.values()].map(({ ended }) => ended)
    const patience = new AbortController()
    await Promise.race([Promise.all(all), delay(STOP_MS, undefined, { signal: patience.signal })])
    patience.abort()
    this.#over.abort()
  }

  /** One look at the outbox. Whatever may have put something into it makes another one, and so does a due time. */
  look(): void {
    if (!this.#isWorking) return
    clearTimeout(this.#timer)
    try {
      const next = this.#sendDue()
      if (next !== undefined) this.#lookIn(next - this.#options.now())
    } catch (error) {
      if (!isBusy(error)) throw error
      this.#lookIn(0)
    }
  }

  /** @returns when the next message is due that nothing but the time keeps from being sent */
  #sendDue(): number | undefined {
    const { store, logger, now, secrets } = this.#options
    const hosts = store.deliveries.hosts()
    if (hosts.length > 0 && secrets.length === 0) {
      logger.warn('webhooks wait, and there is no FOREMAN_WEBHOOK_SECRET to sign them with')
      this.#isWorking = false
      return undefined
    }
    let next: number | undefined
    for (const { host, nextAttemptAt } of hosts.toSorted((a, b) => a.nextAttemptAt - b.nextAttemptAt)) {
      if (nextAttemptAt > now()) {
        next = Math.min(next ?? Infinity, nextAttemptAt)
        continue
      }
      const open = this.#openTo(host)
      if (open.length >= IN_FLIGHT_PER_HOST) continue
      // Those that are under way are still due.
      const due = store.deliveries.due(host, now(), IN_FLIGHT_PER_HOST + open.length)
      const waiting = due.filter(({ seq }) => !this.#inFlight.has(seq))
      for (const message of waiting.slice(0, IN_FLIGHT_PER_HOST - open.length)) {
        if (this.#inFlight.size >= IN_FLIGHT) return next
        this.#send(message)
      }
      // Behind what is under way there may be one whose time has yet to come. The end of an attempt looks again.
    }
    return next
  }

  #openTo(host: string): number[] {
    return [...this.#inFlight].flatMap(([seq, { host: other }]) => (other === host ? [seq] : []))
  }

  #send(message: Message): void {
    const ended = this.#attempt(message).finally(() => {
      this.#inFlight.delete(message.seq)
      this.look()
    })
    this.#inFlight.set(message.seq, { host: message.host, ended })
  }

  async #attempt(message: Message): Promise<void> {
    const { store, logger, now, random, secrets, deliver } = this.#options
    const { id, url, body, failures } = message
    const at = now()
    const signed = sign({ secrets, id, timestamp: Math.floor(at / 1000), body })
    const headers = { 'content-type': 'application/json', 'user-agent': 'foreman', ...signed }
    const outcome = await deliver({ url, headers, body })
    if (this.#over.signal.aborted) return
    const { attempt, result } = settle(outcome, { at, failures, nowMs: now(), random })
    logger.debug({ delivery: id, url, ...attempt, result: result.kind }, 'webhook sent')
    if (result.kind === 'dead' || result.kind === 'gone')
      logger.info({ delivery: id, url, result: result.kind }, 'a webhook is given up')
    const write = () => store.deliveries.record(message, attempt, result, now())
    try {
      await persist(() => store.together('normal', write), logger, this.#over.signal)
    } catch (error) {
      if (!this.#over.signal.aborted) throw error
    }
  }

  #lookIn(ms: number): void {
    this.#timer = setTimeout(() => this.look(), Math.min(Math.max(ms, 1), LONGEST_REST_MS))
  }
}
