import { type CallOptions, linesIn, parseLine } from '@foreman/ollama-client'
import { jsonOf } from './http-answer.ts'
import type { Requester } from './requester.ts'
import { isTransient } from './retry.ts'
import type { Batch, BatchPage, BatchResult, BatchState } from './types.ts'

export interface BatchListOptions extends CallOptions {
  /** How many batches one request reads, 1 to 100. */
  readonly pageSize?: number | undefined
}

export interface BatchResultsOptions extends CallOptions {
  /** The `index` of the last result that you have. Only later ones come. */
  readonly after?: number | undefined
}

export interface BatchResultLine {
  readonly result: BatchResult
  readonly line: string
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
   * Submits jobs as JSON Lines, just as they are. It sends them again for as long as foreman cannot be reached or has no room: the key
   * sees to it that they are the same jobs then.
   * @throws ForemanError when foreman refuses one of the jobs; its `index` and `line` say which
   */
  submitLines(
    lines: Buffer,
    { idempotencyKey, signal }: CallOptions & { readonly idempotencyKey: string },
  ): Promise<Batch> {
    const headers: [string, string][] = [
      ['Content-Type', 'application/jsonl'],
      ['Idempotency-Key', idempotencyKey],
    ]
    const request = { method: 'POST', path: '/jobs/batch', headers, body: lines, signal }
    return this.#requester.untilAnswered<Batch>(request, jsonOf)
  }

  /**
   * Yields the jobs of a batch with their results in the order of the submission, each when it has ended. Each comes exactly once, also
   * if connections are lost.
   * @throws ForemanError when foreman has no such batch
   * @example
   * for await (const { index, state, result } of client.batches.results(id)) console.log(index, state, result)
   */
  async *results(id: string, options: BatchResultsOptions = {}): AsyncGenerator<BatchResult, void> {
    for await (const { result } of this.resultLines(id, options)) yield result
  }

  /** As `results`, each with its line, just as foreman has sent it: its numbers have all their digits. */
  async *resultLines(
    id: string,
    { after, signal }: BatchResultsOptions = {},
  ): AsyncGenerator<BatchResultLine, void> {
    for (let last = after; ;) {
      const search = last === undefined ? '' : `?after=${last}`
      const { body } = await this.#requester.untilAnswered(
        { method: 'GET', path: `${pathOf(id)}/results${search}`, signal },
        answer => Promise.resolve(answer),
      )
      try {
        for await (const bytes of linesIn(body)) {
          const line = bytes.toString().trim()
          if (line === '') continue
          const result = parseLine(line) as BatchResult
          last = result.index
          yield { result, line }
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
