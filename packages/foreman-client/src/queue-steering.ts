import type { Closing, Holding, Operation, OperationPage, Pausing, QueueState, Stepping } from '@foreman/jobs'
import type { CallOptions } from '@foreman/ollama-client'
import type { Requester } from './requester.ts'

export interface OperationsOptions extends CallOptions {
  /** How many operations one request reads, 1 to 500. */
  readonly pageSize?: number | undefined
}

/**
 * What operators do to the queue as a whole. Each method sends a request once, can be repeated, and resolves with the state
 * of the queue then. `until` is a time of RFC 3339, or a duration such as `2h`.
 */
export class QueueSteering {
  readonly #requester: Requester

  constructor(requester: Requester) {
    this.#requester = requester
  }

  /**
   * Lets nothing start. New jobs are accepted, and wait.
   * @example
   * await client.queue.pause({ until: '2h', unload: true, reason: 'a game' })
   */
  pause(pausing: Pausing = {}, options: CallOptions = {}): Promise<QueueState> {
    return this.#step('pause', pausing, options)
  }

  /** Ends a pause. */
  resume(stepping: Stepping = {}, options: CallOptions = {}): Promise<QueueState> {
    return this.#step('resume', stepping, options)
  }

  /** Accepts no jobs. What is queued runs. */
  close(closing: Closing = {}, options: CallOptions = {}): Promise<QueueState> {
    return this.#step('close', closing, options)
  }

  /** Accepts jobs again. */
  open(stepping: Stepping = {}, options: CallOptions = {}): Promise<QueueState> {
    return this.#step('open', stepping, options)
  }

  /** Ends the present turn: another group is next when what runs has ended. */
  endTurn(stepping: Stepping = {}, options: CallOptions = {}): Promise<QueueState> {
    return this.#step('turn/end', stepping, options)
  }

  /**
   * Holds a model, a priority or a caller, or lets one through although no window is open for it.
   * @throws ForemanError when there is none of this name
   * @example
   * await client.queue.hold({ kind: 'model', subject: 'llama3.2', reason: 'broken' })
   */
  hold(holding: Holding, options: CallOptions = {}): Promise<QueueState> {
    return this.#step('holds', holding, options)
  }

  /** Ends a hold. */
  release(id: string, { signal }: CallOptions = {}): Promise<QueueState> {
    const path = `/queue/holds/${encodeURIComponent(id)}`
    return this.#requester.once({ method: 'DELETE', path, signal })
  }

  /** Reads what is held. */
  state({ signal }: CallOptions = {}): Promise<QueueState> {
    return this.#requester.once({ method: 'GET', path: '/queue/holds', signal })
  }

  /** Yields who did what to the queue, the newest first. Each page is read when the loop reaches it. */
  async *operations({ pageSize, signal }: OperationsOptions = {}): AsyncGenerator<Operation, void> {
    let before: number | null = null
    do {
      const search = new URLSearchParams()
      if (pageSize !== undefined) search.set('limit', String(pageSize))
      if (before !== null) search.set('before', String(before))
      const path = `/queue/operations?${search.toString()}`
      const page: OperationPage = await this.#requester.once({ method: 'GET', path, signal })
      yield* page.operations
      before = page.next_before
    } while (before !== null)
  }

  #step(name: string, body: object, { signal }: CallOptions): Promise<QueueState> {
    const headers = { 'Content-Type': 'application/json' }
    const path = `/queue/${name}`
    return this.#requester.once({
      method: 'POST',
      path,
      headers,
      body: Buffer.from(JSON.stringify(body)),
      signal,
    })
  }
}
