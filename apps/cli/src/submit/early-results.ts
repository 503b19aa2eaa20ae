import type { ForemanClient } from '@foreman/foreman-client'
import { isEndState } from '@foreman/jobs'
import { text } from 'node:stream/consumers'
import { setTimeout as delay } from 'node:timers/promises'
import type { SubmittedBatch } from './hand-over.ts'
import type { LineOfInput } from './input-lines.ts'

/** The first look at a batch, and the longest time between two looks. */
const FIRST_LOOK_MS = 2_000
const LONGEST_MS = 60_000
const PAGE = 500

export interface EarlyOptions {
  readonly client: ForemanClient
  readonly isOpen: (line: LineOfInput) => boolean
  /** Called with a job that has ended, as foreman shows it. */
  readonly onResult: (line: LineOfInput, job: { readonly state: string }, shown: string) => void
  readonly signal: AbortSignal
}

/**
 * Looks now and then for jobs of a batch that have ended while others before them have not: those of another model, mostly. It looks more
 * and more rarely, and its failures do not matter: all results come in the order of the batch as well. It ends when its signal aborts.
 */
export const watchForEarlyResults = async (batch: SubmittedBatch, options: EarlyOptions): Promise<void> => {
  const { signal } = options
  for (let pauseMs = FIRST_LOOK_MS; !signal.aborted; pauseMs = Math.min(2 * pauseMs, LONGEST_MS)) {
    await delay(pauseMs, undefined, { signal }).catch(() => undefined)
    if (!signal.aborted) await look(batch, options).catch(() => undefined)
  }
}

const look = async (
  { id, jobs }: SubmittedBatch,
  { client, isOpen, onResult, signal }: EarlyOptions,
): Promise<void> => {
  for await (const job of client.jobs({ batch: id, pageSize: PAGE }, { signal })) {
    const line = jobs.get(job.id)
    if (!line || !isEndState(job.state) || !isOpen(line)) continue
    const { status, body } = await client.open('GET', `/jobs/${job.id}`, [], undefined, signal)
    const shown = await text(body)
    // It may have come in the order of the batch meanwhile.
    if (status === 200 && isOpen(line)) onResult(line, job, shown)
  }
}
