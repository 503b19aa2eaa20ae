import type { CallOptions } from '@foreman/ollama-client'
import { parseQueueEvents } from './event-stream.ts'
import { QueueSteering } from './queue-steering.ts'
import type { Requester } from './requester.ts'
import { isTransient } from './retry.ts'
import type {
  ArrivalOrder,
  QueueEvent,
  QueueHistory,
  QueueModels,
  QueueSnapshot,
  QueueSystem,
  QueueYou,
  Timeline,
} from './types.ts'

export interface TimeOptions extends CallOptions {
  readonly from?: Date | undefined
  /** Default: now. */
  readonly until?: Date | undefined
}

export interface HistoryOptions extends TimeOptions {
  /**
   * Whole minutes.
   * @default 60000
   */
  readonly stepMs?: number | undefined
}

/** What foreman shows of the queue as a whole, and what operators do to it. A caller sees its own part; the rest needs the token of a viewer or an operator. */
export class QueueClient extends QueueSteering {
  readonly #requester: Requester

  constructor(requester: Requester) {
    super(requester)
    this.#requester = requester
  }

  /**
   * What the target does, who waits, since when, why, and how long still.
   * @example
   * const { queued, groups } = await client.queue.snapshot()
   * for (const { models, why } of groups) console.log(models.join(), why.text)
   */
  snapshot(options?: CallOptions): Promise<QueueSnapshot>
  snapshot<Field extends keyof QueueSnapshot>(
    options: CallOptions & { readonly fields: readonly Field[] },
  ): Promise<Pick<QueueSnapshot, Field>>
  snapshot({ fields, signal }: CallOptions & { readonly fields?: readonly string[] } = {}): Promise<object> {
    return this.#get('/queue', { fields: fields?.join() }, signal)
  }

  /**
   * Yields a snapshot when something has changed, once a second at the most, and what becomes of jobs, until its signal aborts. When
   * a connection is lost, another one begins with a snapshot.
   */
  async *events({ signal }: CallOptions = {}): AsyncGenerator<QueueEvent, void> {
    for (;;) {
      const { body } = await this.#requester.untilAnswered(
        { method: 'GET', path: '/queue/events', signal },
        answer => Promise.resolve(answer),
      )
      try {
        yield* parseQueueEvents(body)
      } catch (error) {
        if (!isTransient(error)) throw error
      }
      await this.#requester.pause(signal)
    }
  }

  /** Which model had its turn when. Default: in the last hour. */
  timeline({ from, until, signal }: TimeOptions = {}): Promise<Timeline> {
    return this.#get('/queue/timeline', timeOf({ from, until }), signal)
  }

  /** What the order of arrival would have done with the same jobs. Default: with those of the last hour. */
  arrivalOrder({ from, until, signal }: TimeOptions = {}): Promise<ArrivalOrder> {
    return this.#get('/queue/arrival-order', timeOf({ from, until }), signal)
  }

  /** What happened, in steps. Default: in the last day. */
  history({ from, until, stepMs, signal }: HistoryOptions = {}): Promise<QueueHistory> {
    const step = stepMs === undefined ? undefined : `${stepMs}ms`
    return this.#get('/queue/history', { ...timeOf({ from, until }), step }, signal)
  }

  /** Who this client is to foreman, and so what it may do. */
  you({ signal }: CallOptions = {}): Promise<QueueYou> {
    return this.#get('/queue/you', {}, signal)
  }

  /** What foreman runs on: its processes, its settings, its windows, its file and its target. */
  system({ signal }: CallOptions = {}): Promise<QueueSystem> {
    return this.#get('/queue/system', {}, signal)
  }

  /** What is known of each model. */
  models({ signal }: CallOptions = {}): Promise<QueueModels> {
    return this.#get('/queue/models', {}, signal)
  }

  #get<T>(
    path: string,
    wanted: Readonly<Record<string, string | undefined>>,
    signal: AbortSignal | undefined,
  ): Promise<T> {
    const search = new URLSearchParams()
    for (const [name, value] of Object.entries(wanted)) if (value !== undefined) search.set(name, value)
    const query = search.toString()
    return this.#requester.once({ method: 'GET', path: query === '' ? path : `${path}?${query}`, signal })
  }
}

const timeOf = ({ from, until }: Pick<TimeOptions, 'from' | 'until'>) => ({
  from: from?.toISOString(),
  until: until?.toISOString(),
})
