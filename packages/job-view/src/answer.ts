import { foldAnswer, generatingEndpoint, ollamaErrorMessage } from '@foreman/ollama-client'
import type { JobRecord, ResponseHead } from '@foreman/store'

/** The part of a job's stored answer that is shown with the job. */
export interface JobAnswer {
  /** The answer as one object, also when the target streamed it. */
  readonly result?: Record<string, unknown>
  /** The text of the target's error. */
  readonly errorText?: string
}

export interface AnswerReader {
  /** Takes the next bytes of the body. */
  push(bytes: Buffer): void
  /** The answer, if the bytes so far are all of it. */
  read(): JobAnswer
}

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
