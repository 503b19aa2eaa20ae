import { MAX_TIMER_MS } from '@foreman/process'
import type { Clock } from '../clock.ts'
import type { Model } from '../model/catalogue.ts'
import type { LoadOptions } from './load-options.ts'
import { Slots } from './slots.ts'

/** A resident model process: its users are counted, and its keep-alive runs while it is idle. */
export class Runner {
  /** The model whose request loaded it; others on the same weights use it too. */
  readonly model: Model
  readonly options: LoadOptions
  readonly slots: Slots
  /** How long it stays once idle; 0 makes it go as soon as it is. */
  keepAliveMs: number
  /** The process died: whoever comes next has to load again. */
  dead = false
  #users = 0
  #stopped = false
  #expiresAtMs: number | undefined
  #callOff: (() => void) | undefined
  readonly #clock: Clock
  readonly #unload: (runner: Runner) => void

  constructor(
    loaded: { model: Model; options: LoadOptions; keepAliveMs: number; parallel: number },
    clock: Clock,
    unload: (runner: Runner) => void,
  ) {
    this.model = loaded.model
    this.options = loaded.options
    this.keepAliveMs = loaded.keepAliveMs
    this.slots = new Slots(loaded.model.weights.embedding ? 1 : loaded.parallel)
    this.#clock = clock
    this.#unload = unload
  }

  get idle(): boolean {
    return this.#users === 0
  }

  /** Set when it goes idle, so that it is stale while it works; before that, now + keep-alive. */
  get expiresAtMs(): number {
    return this.#expiresAtMs ?? this.#clock.now() + this.keepAliveMs
  }

  /**
   * Counts a user in. A keep-alive that comes with it replaces the runner's, also where the scheduler has set
   * that to 0 in order to evict it: the eviction then waits for the new one to run out.
   */
  enter(keepAliveMs: number | undefined): void {
    this.#users++
    this.#stopTimer()
    if (keepAliveMs !== undefined) this.keepAliveMs = keepAliveMs
  }

  leave(): void {
    this.#users--
    if (this.#users > 0) return
    if (this.keepAliveMs <= 0) {
      this.#unload(this)
      return
    }
    this.#stopTimer()
    this.#expiresAtMs = this.#clock.now() + this.keepAliveMs
    if (this.keepAliveMs <= MAX_TIMER_MS && !this.#stopped) {
      this.#callOff = this.#clock.after(this.keepAliveMs, () => this.#unload(this))
    }
  }

  /** Makes it go as soon as it is idle: now, or when its last user leaves. */
  expire(): void {
    this.keepAliveMs = 0
    this.#expiresAtMs = this.#clock.now()
    this.#stopTimer()
    if (this.idle) this.#unload(this)
  }

  #stopTimer(): void {
    this.#callOff?.()
    this.#callOff = undefined
  }

  /** It is gone, or the whole server goes: its timer is not needed any more. */
  stop(): void {
    this.#stopped = true
    this.#stopTimer()
  }
}
