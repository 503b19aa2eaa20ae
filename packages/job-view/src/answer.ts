import { foldAnswer, generatingEndpoint, ollamaErrorMessage } from '@foreman/ollama-client'
import type { JobRecord, ResponseHead } from '@foreman/store'

/** What is shown of a job's stored answer. */
export interface Answer {
  /** The endpoint's reply as one object. */
  readonly result?: Record<string, unknown>
  /** The target's own words for what went wrong. */
  readonly errorText?: string
}

export interface AnswerReader {
  /** Takes the next bytes of the body. */
  push(bytes: Buffer): void
  /** What came so far, as if it were the whole. */
  read(): Answer
}

/** An error is short, and it comes last. */
const ERROR_BYTES = 64 * 1024

/** Reads an ended job's answer, piece by piece: the reply of one that succeeded, the error of one that failed. */
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
      return result ? { result } : {}
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
