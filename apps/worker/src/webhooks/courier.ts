import type { Service } from '@foreman/process'
import type { Backlog, DueDelivery } from '@foreman/store'
import { setTimeout as delay } from 'node:timers/promises'
import { OneAtATime } from '../one-at-a-time.ts'
import { StoreLoop } from '../store-loop.ts'
import { attemptDelivery, type DeliveryOptions } from './delivery-attempt.ts'
import { Hosts } from './hosts.ts'
import { chooseNext, type InFlight, slotFreeInMs, type Standing, type Waiting } from './slots.ts'

/** How many backlogs one look at the outbox reads. There is one for each caller and host with pending messages. */
const BACKLOGS_PER_LOOK = 500
/** The pause before the next look, if there are more backlogs. */
const NEXT_BACKLOGS_MS = 10
/** The longest pause between two looks at the outbox: a clock that is set back delays no delivery by more. */
const MAX_PAUSE_MS = 60_000
/** How long `stop()` waits for delivery attempts in flight. */
const STOP_MS = 3_000

/**
 * Sends webhook deliveries when they are due. Jobs do not wait for it, and receivers do not wait for each other:
 * `chooseNext` decides which message is sent next.
 *
 * `store.changes` may tell only of what other processes have done. Deliveries that this process itself has written are
 * sent because the worker calls `sendDue()` after its own writes.
 *
 * Starting it twice is like starting it once. `stop()` may come at any time; a second one waits for the first. A
 * courier that was stopped does not start again.
 */
export class Courier implements Service {
  readonly #options: DeliveryOptions
  readonly #loop: StoreLoop
  readonly #looks = new OneAtATime(() => this.#look())
  readonly #hosts = new Hosts()
  readonly #inFlight = new Map<number, InFlight & { readonly ended: Promise<void> }>()
  /** Deliveries whose attempts could not be recorded. They are still due in the store, and are made again later. */
  readonly #setAside = new Map<number, NodeJS.Timeout>()
  readonly #cutOff = new AbortController()
  /** The last backlog of this look. Undefined: the next look begins with the first one. */
  #lastBacklog: Backlog | undefined
  /** How long until something is due, as far as the backlogs since the first one say. */
  #restMs = Infinity
  /** Whether the outbox may have changed since the look at the first backlogs. */
  #isChanged = false
  #isSending = false
  #hasStarted = false
  #stopped: Promise<void> | undefined
  #timer: NodeJS.Timeout | undefined

  constructor(options: DeliveryOptions) {
    this.#options = options
    this.#loop = new StoreLoop(options.logger)
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
  stop(patienceMs = STOP_MS): Promise<void> {
    this.#stopped ??= this.#stop(patienceMs)
    return this.#stopped
  }

  /** Sends what is due, and comes back when the next delivery is due. */
  sendDue(): void {
    this.#isChanged = true
    // The look at the next backlogs follows in a moment, and the first ones are looked at again after the last.
    if (!this.#lastBacklog) void this.#looks.ask()
  }

  async #look(): Promise<void> {
    if (!this.#isSending) return
    clearTimeout(this.#timer)
    const what = 'look for due webhooks'
    const pauseMs = (await this.#loop.try(what, () => this.#sendSomeDue())) ?? this.#loop.pauseMs(what)
    if (pauseMs === Infinity || !this.#isSending) return
    this.#timer = setTimeout(() => void this.#looks.ask(), Math.min(Math.max(pauseMs, 1), MAX_PAUSE_MS))
  }

  async #stop(patienceMs: number): Promise<void> {
    this.#isSending = false
    clearTimeout(this.#timer)
    for (const timer of this.#setAside.values()) clearTimeout(timer)
    const all = [...this.#inFlight.values()].map(({ ended }) => ended)
    const patience = new AbortController()
    await Promise.race([Promise.all(all), delay(patienceMs, undefined, { signal: patience.signal })])
    patience.abort()
    this.#cutOff.abort()
  }

  /** @returns how long until the next look. Infinity: nothing is due, or the end of an attempt comes first */
  async #sendSomeDue(): Promise<number> {
    const { store, logger, now, secrets } = this.#options
    if (!this.#lastBacklog) this.#isChanged = false
    const asked = { after: this.#lastBacklog, limit: BACKLOGS_PER_LOOK }
    let backlogs = await store.deliveries.backlogs(asked)
    // Most looks find no message at all.
    const rescheduled = backlogs.length === 0 ? 0 : await store.deliveries.reschedule(now())
    if (rescheduled > 0) backlogs = await store.deliveries.backlogs(asked)
    if (backlogs.length > 0 && secrets.length === 0) {
      logger.warn('webhooks wait, and there is no FOREMAN_WEBHOOK_SECRET to sign them with')
      this.#isSending = false
      return Infinity
    }
    const nextMs = await this.#sendFrom(backlogs)
    this.#restMs = Math.min(this.#restMs, rescheduled > 0 ? 0 : Infinity, nextMs)
    const isLast = backlogs.length < BACKLOGS_PER_LOOK
    this.#lastBacklog = isLast ? undefined : backlogs.at(-1)
    if (!isLast) return NEXT_BACKLOGS_MS
    const restMs = this.#isChanged ? 0 : this.#restMs
    this.#restMs = Infinity
    this.#isChanged = false
    return restMs
  }

  /** @returns how long until another message of these backlogs can be sent */
  async #sendFrom(backlogs: readonly Backlog[]): Promise<number> {
    const { now, steady } = this.#options
    const at = now()
    const steadyAt = steady()
    let restMs = Infinity
    let waiting: Waiting[] = []
    for (const { host, caller, nextAttemptAt, failures } of backlogs) {
      const waitMs = Math.max(nextAttemptAt - at, this.#hosts.pauseMs(host, steadyAt))
      if (waitMs > 0) restMs = Math.min(restMs, waitMs)
      else {
        const standing = this.#hosts.standingOf(host, failures)
        waiting.push({ host, caller, standing, dueAt: nextAttemptAt })
      }
    }
    while (this.#isSending) {
      const chosen = chooseNext(waiting, [...this.#inFlight.values()], steadyAt)
      if (!chosen) break
      // The host may have fallen silent while the store was asked about another one.
      const isPaused = this.#hosts.pauseMs(chosen.host, steady()) > 0
      const delivery = isPaused ? undefined : await this.#firstOf(chosen)
      if (!this.#isSending) break
      if (delivery) this.#send(delivery, chosen.standing)
      else waiting = waiting.filter(other => other !== chosen)
    }
    if (waiting.length === 0) return restMs
    return Math.min(restMs, slotFreeInMs([...this.#inFlight.values()], steadyAt))
  }

  /** The first due message of a backlog. Those in flight and those set aside are still due in the store. */
  async #firstOf({ host, caller }: Pick<Backlog, 'host' | 'caller'>): Promise<DueDelivery | undefined> {
    const { store, now } = this.#options
    const isOfBacklog = (other: InFlight) => other.host === host && other.caller === caller
    const inFlight = [...this.#inFlight].filter(([, attempt]) => isOfBacklog(attempt)).map(([seq]) => seq)
    // Also of attempts that end while the store is asked: it may have answered before they were recorded.
    const hidden = new Set([...inFlight, ...this.#setAside.keys()])
    const due = await store.deliveries.due({ host, caller, now: now(), limit: 1 + hidden.size })
    return due.find(({ seq }) => !hidden.has(seq))
  }

  #send(delivery: DueDelivery, standing: Standing): void {
    const { seq, host, caller } = delivery
    const { steady } = this.#options
    const ended = attemptDelivery(delivery, {
      ...this.#options,
      signal: this.#cutOff.signal,
      onOutcome: experience => this.#hosts.note(host, experience, steady()),
    })
      .catch((error: unknown) => {
        this.#options.logger.error({ err: error, delivery: delivery.id }, 'a webhook failed; trying it later')
        this.#putAside(delivery)
      })
      .then(() => {
        this.#inFlight.delete(seq)
        void this.#looks.ask()
      })
    this.#inFlight.set(seq, { host, caller, standing, startedAt: steady(), ended })
  }

  #putAside({ seq }: DueDelivery): void {
    if (!this.#isSending) return
    const again = () => {
      this.#setAside.delete(seq)
      this.sendDue()
    }
    this.#setAside.set(seq, setTimeout(again, MAX_PAUSE_MS))
  }
}
