import { type CallOptions, parseLines } from '@foreman/ollama-client'
import type { Requester } from './requester.ts'
import { isTransient } from './retry.ts'
import type { BatchPage, BatchResult, BatchState } from './types.ts'

export interface BatchListOptions extends CallOptions {
  /** How many batches one request reads, 1 to 100. */
  readonly pageSize?: number | undefined
}

export interface BatchResultsOptions extends CallOptions {
  /** The `index` of the last result that you have. Only later ones come. */
  readonly after?: number | undefined
}

/** What a client can ask about batches. */
export class Batches {
  readonly #requester: Requester

  constructor(requester: Requester) {
    this.#requester = requester
  }

  /**
   * Reads how a batch goes.
   * @throws ForemanError when foreman has no such batch
   */
  get(id: string, { signal }: CallOptions = {}): Promise<BatchState> {
    return this.#requester.once({ method: 'GET', path: pathOf(id), signal })
  }

  /** Yields all batches, the newest first. Each page is read when the loop reaches it. */
  async *list({ pageSize, signal }: BatchListOptions = {}): AsyncGenerator<BatchState, void> {
    for (let last: string | undefined, isDone = false; !isDone;) {
      const search = new URLSearchParams()
      if (pageSize !== undefined) search.set('limit', String(pageSize))
      if (last !== undefined) search.set('before', last)
      const page: BatchPage = await this.#requester.once({
        method: 'GET',
        path: `/batches?${search.toString()}`,
        signal,
      })
      yield* page.batches
      last = page.batches.at(-1)?.id
      isDone = !page.has_more || last === undefined
    }
  }

  /**
   * Yields the jobs of a batch with their results in the order of the submission, each when it has ended. Each comes exactly once, also
   * if connections are lost.
   * @throws ForemanError when foreman has no such batch
   * @example
   * for await (const { index, state, result } of client.batches.results(id)) console.log(index, state, result)
   */
  async *results(id: string, { after, signal }: BatchResultsOptions = {}): AsyncGenerator<BatchResult, void> {
    for (let last = after; ;) {
      const search = last === undefined ? '' : `?after=${last}`
      const { body } = await this.#requester.untilAnswered(
        { method: 'GET', path: `${pathOf(id)}/results${search}`, signal },
        answer => Promise.resolve(answer),
      )
      try {
        for await (const line of parseLines(body)) {
          const result = line as BatchResult
          last = result.index
          yield result
        }
        // A regular end says that all have come.
        return
      } catch (error) {
        if (!isTransient(error)) throw error
      }
      await this.#requester.pause(signal)
    }
  }

  /** Cancels those jobs of a batch that have not ended. It may be repeated. */
  cancel(id: string, { signal }: CallOptions = {}): Promise<BatchState> {
    return this.#requester.once({ method: 'DELETE', path: pathOf(id), signal })
  }
}

const pathOf = (id: string): string => `/batches/${encodeURIComponent(id)}`
