import { createHash } from 'node:crypto'
import type { InputLine, LineOfInput } from './input-lines.ts'

/** Jobs that are submitted together. */
export interface InputBatch {
  readonly lines: readonly LineOfInput[]
  readonly submissions: readonly Buffer[]
  /**
   * The idempotency key: a hash of what is submitted, and of how many batches before it are the same. So the same input, read again,
   * has the same keys, and its jobs are the same jobs.
   */
  readonly key: string
}

export interface BatchLimits {
  readonly maxJobs: number
  readonly maxBytes: number
}

/**
 * Divides the input into batches. Where they begin depends on nothing but the input and the limits.
 *
 * @param run tells apart runs that are to have jobs of their own
 */
export const inputBatches = async function* (
  lines: AsyncIterable<InputLine>,
  { maxJobs, maxBytes }: BatchLimits,
  run: string,
): AsyncGenerator<InputBatch, void> {
  const sameBefore = new Map<string, number>()
  let [batch, bytes]: [InputLine[], number] = [[], 0]
  const take = (): InputBatch => {
    const submissions = batch.map(({ submission }) => submission)
    const content = hashOf(run, ...submissions)
    const nth = sameBefore.get(content) ?? 0
    sameBefore.set(content, nth + 1)
    const taken = batch.map(({ number, hash }) => ({ number, hash }))
    batch = []
    bytes = 0
    return { lines: taken, submissions, key: hashOf(content, String(nth)) }
  }
  for await (const line of lines) {
    const size = line.submission.length + 1
    if (batch.length > 0 && bytes + size > maxBytes) yield take()
    batch.push(line)
    bytes += size
    if (batch.length === maxJobs) yield take()
  }
  if (batch.length > 0) yield take()
}

/** The two halves of a batch that is too large for foreman. */
export const halvesOf = ({ lines, submissions, key }: InputBatch): [InputBatch, InputBatch] => {
  const middle = Math.ceil(lines.length / 2)
  const half = (name: string, from: number, to?: number): InputBatch => ({
    lines: lines.slice(from, to),
    submissions: submissions.slice(from, to),
    key: hashOf(key, name),
  })
  return [half('first', 0, middle), half('second', middle)]
}

const hashOf = (...parts: readonly (string | Buffer)[]): string => {
  const hash = createHash('sha256')
  // No part has a line feed.
  for (const part of parts) hash.update(part).update('\n')
  return hash.digest('hex')
}
