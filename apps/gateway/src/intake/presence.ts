import type { Service } from '@foreman/process'
import type { Logger } from '@foreman/process/logger'
import { Backoff, type ProcessFigures, type Store } from '@foreman/store'
import { randomUUID } from 'node:crypto'
import { whenWritable } from './when-writable.ts'

/** Each try goes on for a quarter of a second while the queue is busy. */
const TRIES_TO_LEAVE = 8

export interface PresenceOptions {
  readonly store: Pick<Store, 'gateways'>
  readonly logger: Logger
  readonly heartbeatMs: number
  readonly now: () => number
  /** What this process says of itself with each heartbeat. */
  readonly figures: () => ProcessFigures
}

/**
 * Tells the worker that this gateway is there. The jobs of callers that wait on its connections have its id: when its
 * heartbeats cease, the worker cancels them. A gateway that stops lets its jobs go first, so that they run to their end.
 */
export class Presence implements Service {
  /** The name of this gateway process. */
  readonly id = randomUUID()
  readonly #options: PresenceOptions
  readonly #backoff = new Backoff()
  readonly #startedAt: number
  #timer: NodeJS.Timeout | undefined
  #beating: Promise<void> | undefined
  #stopped: Promise<void> | undefined

  constructor(options: PresenceOptions) {
    this.#options = options
    this.#startedAt = options.now()
  }

  start(): void {
    if (this.#timer || this.#stopped) return
    this.#timer = setInterval(() => this.#beat(), this.#options.heartbeatMs)
    this.#beat()
  }

  /** To be called when no caller is connected any more. */
  stop(): Promise<void> {
    clearInterval(this.#timer)
    this.#stopped ??= this.#timer ? this.#leave() : Promise.resolve()
    return this.#stopped
  }

  #beat(): void {
    this.#beating ??= this.#writeHeartbeat().finally(() => (this.#beating = undefined))
  }

  async #writeHeartbeat(): Promise<void> {
    const { store, logger, now, figures } = this.#options
    const beat = { at: now(), startedAt: this.#startedAt, figures: figures() }
    try {
      await whenWritable(() => store.gateways.heartbeat(this.id, beat))
      this.#backoff.succeeded()
    } catch (err) {
      if (this.#backoff.failed()) logger.warn({ err }, 'could not write the heartbeat')
    }
  }

  async #leave(): Promise<void> {
    const { store, logger, now } = this.#options
    await this.#beating
    for (let tries = 1; ; tries++) {
      try {
        return await whenWritable(() => store.gateways.leave(this.id, now()))
      } catch (err) {
        if (tries < TRIES_TO_LEAVE) continue
        return logger.warn({ err }, 'could not let the jobs of the callers go; the worker will cancel them')
      }
    }
  }
}
