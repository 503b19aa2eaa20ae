import type { Logger } from '@foreman/process/logger'
import { mayPass, type Store, untilPossible } from '@foreman/store'
import { problem, Refusal, retryLater } from '../http/refusal.ts'
import { TimeSlice } from '../http/slices.ts'
import { whenAvailable } from '../http/when-available.ts'
import { whenWritable } from '../intake/when-writable.ts'

/** More at a time would only share the same disk. */
const MAX_RUNNING = 8

/** Something that is done to many jobs or messages. */
export interface Task<Item = unknown> {
  readonly action: string
  /** What it is done to. */
  readonly subject: string
  readonly detail: Readonly<Record<string, unknown>>
  /** How many are done at the same time, in one commit. It is not in the way of others. */
  readonly atOnce: number
  /** Those that are left to be done, in steps. What was done is no longer among them. */
  left(): AsyncIterable<readonly Item[]>
  /** Does one. @returns whether there was something to do */
  act(item: Item): Promise<boolean>
}

/** What somebody wants besides. */
export interface Order {
  readonly expect?: number | undefined
  readonly reason?: string | undefined
}

export interface OperationsOptions {
  readonly store: Pick<Store, 'operations'>
  /** The name of this gateway process. If it dies, the worker ends its operations. */
  readonly gateway: string
  readonly stopping: AbortSignal
  readonly logger: Logger
  readonly now: () => number
}

/** Does something to many, in short steps, between which others are served. */
export class Operations {
  readonly #options: OperationsOptions
  readonly #running = new Set<Promise<void>>()

  constructor(options: OperationsOptions) {
    this.#options = options
  }

  /** How many a task is about. */
  async count(task: Task): Promise<number> {
    const slice = new TimeSlice()
    let matched = 0
    await whenAvailable(async () => {
      matched = 0
      for await (const step of task.left()) {
        matched += step.length
        if (slice.isOver) await slice.rest()
      }
    })
    return matched
  }

  /**
   * Begins a task. It goes on when this has resolved.
   *
   * @returns the id of the operation
   * @throws Refusal with 409 when it is about another number than was expected
   * @throws Refusal with 503 when too many run
   */
  async begin(task: Task, { expect, reason }: Order, by: string): Promise<number> {
    const { store, gateway, stopping, now } = this.#options
    const matched = await this.count(task)
    if (expect !== undefined && expect !== matched)
      throw problem(409, 'count_differs', `the filter matches ${matched}, not ${expect}`, { matched })
    if (this.#running.size >= MAX_RUNNING || stopping.aborted)
      throw retryLater(503, 'too many operations are running', 5)
    const { action, subject, detail } = task
    const begun = { by, action, subject, detail, reason, matched, gateway }
    const beginning = whenWritable(() => store.operations.begin(begun, now()))
    // It counts from now on: many can begin at the same time.
    const running = beginning
      .then(
        id => this.#run(id, task),
        () => undefined,
      )
      .finally(() => this.#running.delete(running))
    this.#running.add(running)
    return beginning
  }

  /** Resolves when nothing runs any more. With `stopping`, everything ends after its present step. */
  async idle(): Promise<void> {
    await Promise.all(this.#running)
  }

  async #run(id: number, task: Task): Promise<void> {
    const { store, stopping, logger, now } = this.#options
    const progress = { done: 0 }
    const end = async (state: 'done' | 'stopped' | 'failed'): Promise<void> => {
      await untilPossible(() => store.operations.end(id, { state, ...progress }, now()), { signal: stopping })
    }
    try {
      await end((await this.#doAll(id, task, progress)) ? 'done' : 'stopped')
    } catch (err) {
      // Leaving, this gateway ends it.
      if (stopping.aborted) return
      logger.warn({ err, operation: id }, 'an operation has failed')
      await end('failed').catch((cause: unknown) => {
        logger.warn({ err: cause, operation: id }, 'could not end an operation')
      })
    }
  }

  /** @returns whether all of it is done; otherwise its stop was requested */
  async #doAll(id: number, task: Task, progress: { done: number }): Promise<boolean> {
    const { store, stopping } = this.#options
    const slice = new TimeSlice()
    for await (const step of task.left()) {
      for (let at = 0; at < step.length; at += task.atOnce) {
        stopping.throwIfAborted()
        progress.done += await this.#actOn(step.slice(at, at + task.atOnce), task)
        if (slice.isOver) await slice.rest()
      }
      const { done } = progress
      const goesOn = step.length === 0 || (await this.#patiently(() => store.operations.progress(id, done)))
      if (!goesOn) return false
      if (slice.isOver) await slice.rest()
    }
    return true
  }

  /** @returns how many were done. One that cannot be done because of what is stored of it holds nobody up */
  async #actOn(items: readonly unknown[], task: Task): Promise<number> {
    const { logger } = this.#options
    const acted = await Promise.all(
      items.map(async item => {
        try {
          return (await this.#patiently(() => task.act(item))) ? 1 : 0
        } catch (err) {
          if (err instanceof Refusal || mayPass(err) || isAbort(err)) throw err
          logger.warn({ err, action: task.action }, 'an operation leaves one out')
          return 0
        }
      }),
    )
    return acted.reduce<number>((sum, one) => sum + one, 0)
  }

  #patiently<T>(act: () => Promise<T>): Promise<T> {
    return untilPossible(act, { signal: this.#options.stopping })
  }
}

const isAbort = (error: unknown): boolean => error instanceof Error && error.name === 'AbortError'
