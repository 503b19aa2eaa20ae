import { systemClock, type Clock } from '../clock.ts'
import type { Model, Weights } from '../model/catalogue.ts'
import type { LoadOptions, Serves } from './load-options.ts'
import { Runner } from './runner.ts'

/** The queue is full; Ollama answers 503 with this text. */
export class QueueFullError extends Error {
  override readonly name = 'QueueFullError'

  constructor() {
    super('server busy, please try again.  maximum pending requests exceeded')
  }
}

export interface SchedulerOptions {
  /** Runners resident at a time. */
  maxLoaded: number
  /** Requests that may wait in arrival order; one more is refused. */
  maxQueue: number
  /** Requests that a runner serves at a time. */
  parallel: number
  /** Keep-alive of a runner whose requests name none. */
  keepAliveMs: number
  /** What it costs to load a model. */
  loadMs: (model: Model) => number
  /** Whether a loaded runner serves a request. */
  serves: Serves
  clock?: Clock
}

export interface Wanted {
  model: Model
  options: LoadOptions
  /** As the request named it; undefined leaves a resident runner's as it is. */
  keepAliveMs: number | undefined
  /** Aborted when the caller leaves. */
  signal: AbortSignal
}

/** A place on a resident runner. */
export interface Lease {
  runner: Runner
  /** Waits for one of the runner's slots; rejects when the caller leaves. */
  takeSlot(): Promise<void>
  /** Gives back the slot and the place. Harmless when repeated. */
  release(): void
}

interface Pending extends Wanted {
  resolve: (lease: Lease) => void
  reject: (error: Error) => void
}

/**
 * Ollama's scheduler: a request whose runner is resident goes straight to it; every other one waits in one queue,
 * in arrival order, whose head alone loads or evicts, and everything behind it waits meanwhile.
 */
export class Scheduler {
  /** Loads begun, thrown-away ones included, by model name. */
  readonly loadsByModel = new Map<string, number>()
  /** Loads thrown away because their caller left. */
  loadsAbandoned = 0
  readonly #options: SchedulerOptions
  readonly #clock: Clock
  readonly #resident = new Map<Weights, Runner>()
  readonly #queue: Pending[] = []
  /** The request that loads, or that waits for an eviction in order to load. */
  #head: Pending | undefined
  /** The head waits for a busy runner to go. */
  #evicting = false
  #closed = false

  constructor(options: SchedulerOptions) {
    this.#options = options
    this.#clock = options.clock ?? systemClock
  }

  /** Requests waiting in the queue, the one at its head included. */
  get queued(): number {
    return this.#queue.length + (this.#head === undefined ? 0 : 1)
  }

  get loads(): number {
    let loads = 0
    for (const count of this.loadsByModel.values()) loads += count
    return loads
  }

  /** The runners that have finished loading; the one that stays longest comes first. */
  resident(): Runner[] {
    return [...this.#resident.values()].toSorted((a, b) => b.expiresAtMs - a.expiresAtMs)
  }

  /** Resolves on a resident runner. Rejects with QueueFullError, or with the signal's reason once the caller left. */
  schedule(wanted: Wanted): Promise<Lease> {
    const runner = this.#resident.get(wanted.model.weights)
    if (runner !== undefined && this.#fits(runner, wanted))
      return Promise.resolve(this.#enter(runner, wanted))
    if (this.#queue.length >= this.#options.maxQueue) return Promise.reject(new QueueFullError())
    return new Promise((resolve, reject) => {
      this.#queue.push({ ...wanted, resolve, reject })
      if (this.#head === undefined) this.#advance()
    })
  }

  /** Makes the model's runner go as soon as it is idle. Waits for nothing. */
  unload(model: Model): void {
    this.#resident.get(model.weights)?.expire()
  }

  /** Forgets everybody who waits and calls every timer off. */
  close(): void {
    this.#closed = true
    for (const runner of this.#resident.values()) runner.stop()
    this.#resident.clear()
  }

  #fits(runner: Runner, wanted: Wanted): boolean {
    return !runner.dead && this.#options.serves(runner.options, wanted.options)
  }

  #enter(runner: Runner, { keepAliveMs, signal }: Wanted): Lease {
    runner.enter(keepAliveMs)
    let held: 'place' | 'slot' | 'nothing' = 'place'
    return {
      runner,
      takeSlot: async () => {
        await runner.slots.take(signal)
        held = 'slot'
      },
      release: () => {
        if (held === 'nothing') return
        if (held === 'slot') runner.slots.give()
        held = 'nothing'
        runner.leave()
      },
    }
  }

  /** Works on the head of the queue until it has to wait for a load or an eviction. */
  #advance(): void {
    while (!this.#closed) {
      this.#head ??= this.#queue.shift()
      const head = this.#head
      if (head === undefined) return
      if (head.signal.aborted) {
        // Somebody who left the queue is only noticed here, and took up room until now.
        this.#head = undefined
        head.reject(head.signal.reason as Error)
        continue
      }
      const runner = this.#resident.get(head.model.weights)
      if (runner !== undefined && this.#fits(runner, head)) {
        this.#head = undefined
        head.resolve(this.#enter(runner, head))
        continue
      }
      const victim = runner ?? (this.#resident.size < this.#options.maxLoaded ? undefined : this.#victim())
      if (victim !== undefined) {
        victim.expire()
        this.#evicting = this.#resident.get(victim.model.weights) === victim
        if (this.#evicting) return
      } else if (!this.#load(head)) return
    }
  }

  /** Idle runners first, then the shortest keep-alive, then the name. */
  #victim(): Runner | undefined {
    return [...this.#resident.values()].toSorted(
      (a, b) =>
        Number(b.idle) - Number(a.idle) ||
        a.keepAliveMs - b.keepAliveMs ||
        a.model.name.localeCompare(b.model.name),
    )[0]
  }

  readonly #unloaded = (runner: Runner): void => {
    runner.stop()
    this.#resident.delete(runner.model.weights)
    if (!this.#evicting) return
    // Whichever runner went, there may be room now: the head looks again.
    this.#evicting = false
    this.#advance()
  }

  /** Loads for the head; true when that took no time. A caller that leaves meanwhile takes the load with it. */
  #load(head: Pending): boolean {
    const { model } = head
    this.loadsByModel.set(model.name, (this.loadsByModel.get(model.name) ?? 0) + 1)
    const loaded = () => {
      const runner = new Runner(
        {
          model,
          options: head.options,
          keepAliveMs: head.keepAliveMs ?? this.#options.keepAliveMs,
          parallel: this.#options.parallel,
        },
        this.#clock,
        this.#unloaded,
      )
      this.#resident.set(model.weights, runner)
      this.#head = undefined
      head.resolve(this.#enter(runner, head))
    }
    const loadMs = this.#options.loadMs(model)
    if (loadMs <= 0) {
      loaded()
      return true
    }
    const abandon = () => {
      callOff()
      this.loadsAbandoned++
      this.#head = undefined
      head.reject(head.signal.reason as Error)
      this.#advance()
    }
    const callOff = this.#clock.after(loadMs, () => {
      head.signal.removeEventListener('abort', abandon)
      loaded()
      this.#advance()
    })
    head.signal.addEventListener('abort', abandon, { once: true })
    return false
  }
}
