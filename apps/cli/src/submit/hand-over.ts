import { ForemanError, type ForemanClient } from '@foreman/foreman-client'
import { UsageError } from '../failures/usage-error.ts'
import { halvesOf, type InputBatch } from './input-batches.ts'
import type { LineOfInput } from './input-lines.ts'

/** A batch that foreman has. */
export interface SubmittedBatch {
  readonly id: string
  /** The line of each of its jobs, by the index of the job. */
  readonly lines: readonly LineOfInput[]
  /** The line of each of its jobs, by the id of the job. */
  readonly jobs: ReadonlyMap<string, LineOfInput>
}

const LINE_FEED = Buffer.from('\n')

/**
 * Submits a batch, and waits until foreman is there and has room. One that is larger than foreman takes is divided.
 *
 * @throws UsageError when foreman refuses one of its lines
 */
export const handOver = async (
  client: ForemanClient,
  batch: InputBatch,
  signal: AbortSignal,
): Promise<SubmittedBatch[]> => {
  const body = Buffer.concat(batch.submissions.flatMap(submission => [submission, LINE_FEED]))
  try {
    const { batch: id, jobs } = await client.batches.submitLines(body, { idempotencyKey: batch.key, signal })
    if (id === undefined) throw new UsageError('this foreman is too old for submit: start a newer one')
    const lineOf = new Map(jobs.map(job => [job.id, batch.lines[job.index]!]))
    return [{ id, lines: batch.lines, jobs: lineOf }]
  } catch (error) {
    if (!(error instanceof ForemanError)) throw error
    if (error.status === 413 && batch.lines.length > 1) {
      const [first, second] = halvesOf(batch)
      return [...(await handOver(client, first, signal)), ...(await handOver(client, second, signal))]
    }
    throw refusalOf(error, batch)
  }
}

/** Of a refusal of foreman that is about one line: one that names the line of the input. */
const refusalOf = (error: ForemanError, { lines }: InputBatch): Error => {
  const line = error.index === undefined && lines.length > 1 ? undefined : lines[error.index ?? 0]
  const isAboutLine = error.index !== undefined || error.status === 413
  if (!line || !isAboutLine) return error
  return new UsageError(`line ${line.number}: ${error.message.replace(/^line \d+: /, '')}`)
}
