import { linesIn } from '@foreman/ollama-client'
import { createHash } from 'node:crypto'
import { UsageError } from '../failures/usage-error.ts'
import { type OfPrompts, submissionOfLine } from './submission-of-line.ts'

/** Which line of the input something is about. */
export interface LineOfInput {
  /** From 1. Blank lines count, so that it is what an editor shows. */
  readonly number: number
  /** The first 32 bits of the hash of what is submitted: it tells whether the input is still the same. Never 0. */
  readonly hash: number
}

export interface InputLine extends LineOfInput {
  readonly submission: Buffer
}

/** Yields what is to be submitted, line by line. Blank lines are skipped. */
export const inputLines = async function* (
  source: AsyncIterable<Uint8Array>,
  ofPrompts: OfPrompts,
): AsyncGenerator<InputLine, void> {
  let number = 0
  for await (const bytes of linesIn(source)) {
    number++
    const line = bytes.toString().trim()
    if (line === '') continue
    const submission = Buffer.from(inLine(number, () => submissionOfLine(line, ofPrompts)))
    yield { number, submission, hash: createHash('sha256').update(submission).digest().readUInt32BE() || 1 }
  }
}

const inLine = <T>(number: number, read: () => T): T => {
  try {
    return read()
  } catch (error) {
    throw error instanceof UsageError ? new UsageError(`line ${number}: ${error.message}`) : error
  }
}
