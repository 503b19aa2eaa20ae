import type { ForemanClient } from '@foreman/foreman-client'
import { UsageError } from '../failures/usage-error.ts'
import type { DoneLines } from './done-lines.ts'
import { watchForEarlyResults } from './early-results.ts'
import { handOver, type SubmittedBatch } from './hand-over.ts'
import type { InputBatch } from './input-batches.ts'
import type { LineOfInput } from './input-lines.ts'
import { resultLine } from './results-file.ts'

/** So many batches are at foreman at a time. Each is followed on a connection of its own. */
const MOST_OPEN = 16

export interface SubmissionRun {
  readonly client: ForemanClient
  readonly batches: AsyncIterable<InputBatch>
  readonly done: DoneLines
  readonly isInOrder: boolean
  readonly write: (line: string) => void
  readonly signal: AbortSignal
}

/** Submits batches, and writes each result that is not there yet. It can be asked how far it is. */
export class Submitting {
  readonly #run: SubmissionRun
  readonly #failure = new AbortController()
  readonly #signal: AbortSignal
  /** Batches whose results have not all come. */
  readonly #open = new Map<string, Promise<void>>()
  failed = 0
  submitted = 0
  /** Lines whose jobs foreman no longer has. */
  lost = 0

  constructor(run: SubmissionRun) {
    this.#run = run
    this.#signal = AbortSignal.any([run.signal, this.#failure.signal])
  }

  get openBatches(): readonly string[] {
    return [...this.#open.keys()]
  }

  /** @throws the first error, or the reason of the signal */
  async run(): Promise<void> {
    const { client, batches } = this.#run
    try {
      let last = Promise.resolve()
      for await (const batch of batches) {
        this.#signal.throwIfAborted()
        this.submitted += batch.lines.length
        if (!this.#hasOpenLines(batch)) continue
        while (this.#open.size >= MOST_OPEN) await Promise.race(this.#open.values())
        for (const submitted of await handOver(client, batch, this.#signal))
          last = this.#begin(submitted, last)
      }
      while (this.#open.size > 0) await Promise.race(this.#open.values())
    } finally {
      // Nobody else would end those that still follow a batch.
      this.#failure.abort(new Error('another batch has failed'))
    }
  }

  /** @throws UsageError when the results are those of another input */
  #hasOpenLines({ lines }: InputBatch): boolean {
    const { done, isInOrder } = this.#run
    const states = lines.map(line => done.of(line))
    const other = lines[states.indexOf('other')]
    if (other)
      throw new UsageError(
        `line ${other.number}: the results have one of another line there: give the same input, or another file with --output`,
      )
    const firstOpen = states.indexOf('open')
    if (isInOrder && firstOpen >= 0 && states.includes('done', firstOpen))
      throw new UsageError(
        'the results were written without --in-order: leave that out, or give another file',
      )
    return firstOpen >= 0
  }

  #begin(batch: SubmittedBatch, last: Promise<void>): Promise<void> {
    const following = (async () => {
      if (this.#run.isInOrder) await last
      await this.#follow(batch)
      this.#open.delete(batch.id)
    })()
    // It is waited for later.
    following.catch(() => undefined)
    this.#open.set(batch.id, following)
    return following
  }

  async #follow(batch: SubmittedBatch): Promise<void> {
    const { client, done, isInOrder } = this.#run
    const { id, lines } = batch
    const firstOpen = lines.findIndex(line => done.of(line) === 'open')
    const after = firstOpen > 0 ? firstOpen - 1 : undefined
    const isOver = new AbortController()
    const signal = AbortSignal.any([this.#signal, isOver.signal])
    if (!isInOrder)
      void watchForEarlyResults(batch, {
        client,
        isOpen: line => done.of(line) === 'open',
        onResult: (line, job, shown) => this.#write(line, job, shown),
        signal,
      })
    try {
      for await (const { result, line } of client.batches.resultLines(id, { after, signal: this.#signal })) {
        const about = lines[result.index]
        if (about && done.of(about) === 'open') this.#write(about, result, line)
      }
    } finally {
      isOver.abort()
    }
    this.lost += lines.filter(line => done.of(line) === 'open').length
  }

  #write(about: LineOfInput, result: object, shown: string): void {
    this.#run.write(resultLine(about, shown))
    this.#run.done.add(about)
    if (!('state' in result) || result.state !== 'succeeded') this.failed++
  }
}
