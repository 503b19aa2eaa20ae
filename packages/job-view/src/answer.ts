import {
  foldAnswer,
  generatingEndpoint,
  MAX_DEPTH,
  MAX_PARTS,
  ollamaErrorMessage,
} from '@foreman/ollama-client'
import type { JobRecord, ResponseHead } from '@foreman/store'

/** The part of a job's stored answer that is shown with the job. */
export interface JobAnswer {
  /** The answer as one object, also when the target streamed it. */
  readonly result?: Record<string, unknown>
  /** Why there is no result although the target sent an answer. */
  readonly omitted?: string
  /** The text of the target's error. */
  readonly errorText?: string
}

export interface AnswerReader {
  /** Takes the next bytes of the body. */
  push(bytes: Buffer): void
  /** The answer, if the bytes so far are all of it. */
  read(): JobAnswer
}

const OUT_OF_BOUNDS = `the answer nests deeper than ${MAX_DEPTH} levels, or has more than ${MAX_PARTS} objects, lists and fields; /stream has it`

/** How many of the last bytes are searched for an error. Errors are short and come last. */
const ERROR_BYTES = 64 * 1024

/** Reads the answer of a job that has ended, piece by piece: the reply if it succeeded, the error if it failed. */
export const readAnswer = (
  { state, endpoint: path }: Pick<JobRecord, 'state' | 'endpoint'>,
  { headers }: ResponseHead,
): AnswerReader => {
  const endpoint = generatingEndpoint(path)
  if (state !== 'succeeded') return lastWords()
  if (!endpoint) return { push: () => undefined, read: () => ({}) }
  const fold = foldAnswer(headers, endpoint)
  return {
    push: bytes => fold.push(bytes),
    read: () => {
      const result = fold.result()
      if (result) return { result }
      return fold.isOutOfBounds ? { omitted: OUT_OF_BOUNDS } : {}
    },
  }
}

const lastWords = (): AnswerReader => {
  let tail = Buffer.alloc(0)
  return {
    push: bytes => {
      tail = Buffer.concat([tail, bytes]).subarray(-ERROR_BYTES)
    },
    read: () => {
      const line = tail.toString().trimEnd().split('\n').at(-1) ?? ''
      const errorText = ollamaErrorMessage(line.replace(/^data:/, ''))
      return errorText === undefined ? {} : { errorText }
    },
  }
}
