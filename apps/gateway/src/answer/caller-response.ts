import {
  type AnswerCheck,
  checkAnswer,
  type GeneratingEndpoint,
  JSON_HEARTBEAT,
  ollamaErrorMessage,
} from '@foreman/ollama-client'
import type { HeaderPairs, JobRef, JobView, OutputPiece, ResponseHead } from '@foreman/store'
import type { ServerResponse } from 'node:http'
import { relayedHeaders } from '../http/headers.ts'

const STATUS_CLIENT_GONE = 499
const LINE_FEED = 0x0a
/** Enough of what was sent to tell whether a heartbeat may follow it. */
const TAIL_BYTES = 2
/** A refusal that arrives when the status is out has to be put into other words; this much of it is read. */
const LONGEST_REFUSAL_BYTES = 64 * 1024

/** The response as it is built from a job's output, and from foreman's own words where there is none. */
export class Outgoing {
  readonly #job: JobRef
  readonly #response: ServerResponse
  readonly #endpoint: GeneratingEndpoint
  readonly #inPieces: boolean
  /** Kept until there is a byte to go with it: another attempt may still bring another. */
  #head: ResponseHead | undefined
  /** foreman has sent a status of its own, to let the caller know that it is heard. */
  #isCommitted = false
  /** The target's refusal, arriving under a status that says otherwise. */
  #refusal: Buffer[] | undefined
  #check: AnswerCheck | undefined
  #tail = Buffer.alloc(0)

  constructor(job: JobRef, response: ServerResponse, endpoint: GeneratingEndpoint, inPieces: boolean) {
    this.#job = job
    this.#response = response
    this.#endpoint = endpoint
    this.#inPieces = inPieces
  }

  /** Whether the caller has been sent anything. */
  get hasBegun(): boolean {
    return this.#response.headersSent
  }

  /** Whether the caller has been sent anything of the answer itself. */
  get hasBody(): boolean {
    return this.#tail.byteLength > 0
  }

  send(piece: OutputPiece): void {
    if (piece.kind === 'head') {
      this.#head = piece.head
      this.#refusal = this.#isCommitted && piece.head.status >= 300 ? [] : undefined
      return
    }
    if (this.#refusal) return void this.#refusal.push(piece.bytes)
    this.#sendHead()
    this.#response.write(piece.bytes)
    this.#tail = Buffer.concat([this.#tail, piece.bytes.subarray(-TAIL_BYTES)]).subarray(-TAIL_BYTES)
    if (this.#inPieces) this.#check?.push(piece.bytes)
  }

  /** Lets the caller, and whatever is between, know that its request is not forgotten. */
  keepAlive(): void {
    const { stream } = this.#endpoint.dialect
    if (this.#response.headersSent && !this.#mayPad()) return
    this.#commit()
    this.#response.write(this.#inPieces ? stream.heartbeat : JSON_HEARTBEAT)
  }

  /** Ends as the job ended. */
  end({ state, attempt, answerAttempt, errorMessage }: JobView): void {
    if (state === 'cancelled') return this.interrupt(STATUS_CLIENT_GONE, 'request canceled')
    // A message stands where the answer is missing or broken; an earlier attempt's answer is the target's own word.
    if (errorMessage !== null && (answerAttempt === null || answerAttempt === attempt)) {
      return this.interrupt(502, errorMessage)
    }
    if (this.#refusal) return this.#endWithRefusal(this.#refusal)
    this.#sendHead()
    this.#response.end()
  }

  /** What has been sent is no part of the answer: the job was called off, or is one that is repeated all the same. */
  takeBack({ state, errorMessage }: JobView): void {
    if (state === 'cancelled') return this.interrupt(STATUS_CLIENT_GONE, 'request canceled')
    this.interrupt(502, errorMessage ?? 'this attempt broke off, and the job runs again')
  }

  /** Tells the caller that there will be no (more) answer, in whichever way is left. */
  interrupt(status: number, message: string, headers: Record<string, string> = {}): void {
    const { dialect } = this.#endpoint
    if (!this.#response.headersSent) {
      const { contentType, body } = dialect.error(status, message)
      this.#response.writeHead(status, {
        ...headers,
        'Content-Type': contentType,
        'Content-Length': body.byteLength,
        'X-Foreman-Job-Id': this.#job.id,
      })
      this.#response.end(body)
    } else if (this.#inPieces && !this.#isPromisedInFull()) {
      const isLineOpen = this.#tail.byteLength > 0 && this.#tail.at(-1) !== LINE_FEED
      if (isLineOpen) this.#response.write('\n')
      this.#response.end(dialect.stream.error(status, message))
    } else {
      this.#breakOffAfter(dialect.error(status, message).body)
    }
  }

  /** The status says that all is well, so the words alone must not be all that says otherwise. */
  #breakOffAfter(words: Buffer): void {
    const response = this.#response
    if (this.#isPromisedInFull()) return void response.destroy()
    response.write(words, () => response.destroy())
  }

  #endWithRefusal(pieces: readonly Buffer[]): void {
    const body = Buffer.concat(pieces)
    const status = this.#head?.status ?? 502
    if (!this.#inPieces) return this.#breakOffAfter(body)
    const message = ollamaErrorMessage(body.subarray(0, LONGEST_REFUSAL_BYTES))
    this.interrupt(status, message ?? `the target answered with status ${status}`)
  }

  #isPromisedInFull(): boolean {
    const isLength = ([name]: readonly [string, string]) => name.toLowerCase() === 'content-length'
    return !this.#isCommitted && (this.#head?.headers.some(isLength) ?? false)
  }

  /** Between pieces, and only while more is to come: what follows the last one would be part of nothing. */
  #mayPad(): boolean {
    if (!this.#inPieces) return this.#tail.byteLength === 0
    const isOver = this.#check !== undefined && this.#check.verdict() !== 'cut_short'
    return !isOver && !this.#isPromisedInFull() && this.#endpoint.dialect.stream.isBetweenPieces(this.#tail)
  }

  /** Sends 200 and the headers that the target would send, before it is known what it will say. */
  #commit(): void {
    if (this.#response.headersSent) return
    const { stream, json } = this.#endpoint.dialect
    const headers: HeaderPairs = this.#inPieces
      ? [['Content-Type', stream.contentType], ...stream.headers]
      : [['Content-Type', json.contentType]]
    this.#isCommitted = true
    this.#writeHead({ status: 200, headers: [...headers, ...unbuffered(headers)] })
  }

  #sendHead(): void {
    const head = this.#head
    if (!head) throw new Error(`job ${this.#job.id} has output without a head`)
    this.#check ??= checkAnswer(head.headers, this.#endpoint)
    if (!this.#response.headersSent) this.#writeHead(head)
  }

  #writeHead({ status, headers }: ResponseHead): void {
    this.#response.writeHead(status, relayedHeaders(headers, [['X-Foreman-Job-Id', this.#job.id]]))
  }
}

/** Proxies must pass a heartbeat on when it comes. */
const unbuffered = (headers: HeaderPairs): HeaderPairs => [
  ...(headers.some(([name]) => name === 'Cache-Control') ? [] : [['Cache-Control', 'no-cache'] as const]),
  ['X-Accel-Buffering', 'no'],
]
