import {
  answerForm,
  foldAnswer,
  type GeneratingEndpoint,
  generatingEndpoint,
  JsonBytesScan,
  MAX_DEPTH,
  MAX_ENTRIES,
  MAX_LINE_BYTES,
  ollamaErrorMessage,
} from '@foreman/ollama-client'
import type { JobRecord, ResponseHead } from '@foreman/store'

/** The JSON of a result. `as_stored`: the stored body of the answer is that JSON. Otherwise it is put together from it. */
export type ResultJson = 'as_stored' | readonly Uint8Array[]

/** The part of a job's stored answer that is shown with the job. */
export interface JobAnswer {
  /** The answer as one object, also when the target streamed it. Nothing in it is parsed and written anew. */
  readonly result?: ResultJson
  /** Why there is no result although the target sent an answer. */
  readonly omitted?: string
  /** The text of the target's error. */
  readonly errorText?: string
}

export interface AnswerReader {
  /** Takes the next bytes of the body. */
  push(bytes: Buffer): void
  /** The answer, if the bytes so far are all of it. Call it once. */
  read(): JobAnswer
}

const MIB = 1024 * 1024
const TOO_DEEP = `the answer nests deeper than ${MAX_DEPTH} levels; /stream has it`
const OUT_OF_BOUNDS = `the answer nests deeper than ${MAX_DEPTH} levels, or has a line of more than ${MAX_LINE_BYTES / MIB} MiB, or an object or list of more than ${MAX_ENTRIES} parts; /stream has it`
const NO_OBJECT = 'the answer is not a JSON object, and no stream that makes one; /stream has it'

/** How many of the last bytes are searched for an error. Errors are short and come last. */
const ERROR_BYTES = 64 * 1024

/** Reads the answer of a job that has ended, piece by piece: the reply if it succeeded, the error if it failed. */
export const readAnswer = (
  { state, endpoint: path }: Pick<JobRecord, 'state' | 'endpoint'>,
  head: ResponseHead,
): AnswerReader => {
  if (state !== 'succeeded') return lastWords()
  const endpoint = generatingEndpoint(path)
  if (!endpoint) return { push: () => undefined, read: () => ({}) }
  return answerForm(head.headers) === 'json' ? oneObject() : pieces(head, endpoint)
}

const oneObject = (): AnswerReader => {
  const scan = new JsonBytesScan()
  return {
    push: bytes => scan.push(bytes),
    read: () => {
      const verdict = scan.verdict()
      if (verdict === 'object') return { result: 'as_stored' }
      return { omitted: verdict === 'too_deep' ? TOO_DEEP : NO_OBJECT }
    },
  }
}

const pieces = ({ headers }: ResponseHead, endpoint: GeneratingEndpoint): AnswerReader => {
  const fold = foldAnswer(headers, endpoint)
  return {
    push: bytes => fold.push(bytes),
    read: () => {
      const json = fold.json()
      if (json) return { result: [...json] }
      return { omitted: fold.isOutOfBounds ? OUT_OF_BOUNDS : NO_OBJECT }
    },
  }
}

const lastWords = (): AnswerReader => {
  const tail = new Tail(ERROR_BYTES)
  return {
    push: bytes => tail.add(bytes),
    read: () => {
      const line = tail.text().trimEnd().split('\n').at(-1) ?? ''
      const errorText = ollamaErrorMessage(line.replace(/^data:/, ''))
      return errorText === undefined ? {} : { errorText }
    },
  }
}

/** Keeps the last bytes of a body. They are joined only at the end, because a body can come in very many pieces. */
class Tail {
  readonly #mostBytes: number
  #earlier: Buffer = Buffer.alloc(0)
  #latest: Buffer[] = []
  #latestBytes = 0

  constructor(mostBytes: number) {
    this.#mostBytes = mostBytes
  }

  add(bytes: Buffer): void {
    this.#latest.push(bytes)
    this.#latestBytes += bytes.byteLength
    if (this.#latestBytes < this.#mostBytes) return
    this.#earlier = Buffer.concat(this.#latest).subarray(-this.#mostBytes)
    this.#latest = []
    this.#latestBytes = 0
  }

  text(): string {
    return Buffer.concat([this.#earlier, ...this.#latest])
      .subarray(-this.#mostBytes)
      .toString()
  }
}
