import type { Prospect } from '@foreman/job-view'
import {
  type AnswerCheck,
  checkAnswer,
  type ContinuedMessage,
  type GeneratingEndpoint,
  JSON_HEARTBEAT,
  ollamaErrorMessage,
  type ShownWait,
  type Waiting,
} from '@foreman/ollama-client'
import type { HeaderPairs, JobRef, JobView, OutputPiece, ResponseHead } from '@foreman/store'
import type { ServerResponse } from 'node:http'
import { writeRelayedHead } from '../http/headers.ts'
import { Refusal } from '../http/refusal.ts'
import { breakOffSoon } from '../http/send-head.ts'
import { messageInsteadOfAnswer } from './end-of-job.ts'
import type { Patience } from './follow-options.ts'
import { waitHeaders } from './wait-headers.ts'
import { WaitWords } from './wait-words.ts'

const STATUS_CLIENT_GONE = 499
const LINE_FEED = 0x0a
/** How many of the last bytes are kept: enough to see whether a heartbeat may follow them. */
const TAIL_BYTES = 2
/** How much of a refusal is read when it has to be put into an error of the dialect. */
const MAX_REFUSAL_BYTES = 64 * 1024

/**
 * How far a response is.
 *
 * | state | status sent | answer sent | next |
 * |---|---|---|---|
 * | `unsent` | none | none | `committed` by a heartbeat or by words about the wait, `answering` by the first byte of the answer |
 * | `committed` | foreman's own 200 | none | `answering`, or `refused` when the target answers with an error status |
 * | `refused` | foreman's own 200 | none; the refusal is collected | `committed` or `answering` when another attempt follows |
 * | `answering` | the target's, or foreman's own 200 | some, or all | |
 * | `over` | some | as much as there will be | |
 *
 * Every state becomes `over` by `end`, `takeBack` and `interrupt`.
 */
type State = 'unsent' | 'committed' | 'refused' | 'answering' | 'over'

export interface CallerResponseOptions {
  readonly job: JobRef
  readonly response: ServerResponse
  readonly endpoint: GeneratingEndpoint
  /** Whether the caller gets the answer piece by piece. */
  readonly streaming: boolean
  readonly asked: Asked
  /** How the caller of a stream is shown its wait. Undefined: not at all. */
  readonly shownWait?: ShownWait | undefined
  readonly now: () => number
}

/** What the heartbeats of a stream take from its request. */
export type Asked = Pick<Waiting, 'model' | 'headers'>

/** The response to a caller that waits for a job: built from the job's output, and from errors of foreman's own. */
export class CallerResponse {
  readonly #job: JobRef
  readonly #response: ServerResponse
  readonly #endpoint: GeneratingEndpoint
  readonly #streaming: boolean
  readonly #asked: Asked
  readonly #now: () => number
  readonly #words: WaitWords | undefined
  #state: State = 'unsent'
  /** The target's head. It is sent with the first byte of the body: until then another attempt may bring another. */
  #head: ResponseHead | undefined
  #refusal: Buffer[] = []
  /** The target's `Content-Length` was sent: exactly so many bytes must follow, and all of them are the target's. */
  #hasLength = false
  #sentBytes = 0
  #hasBody = false
  /** Makes the answer fit behind the words that were shown. */
  #rewrite: ContinuedMessage | undefined
  #check: AnswerCheck | undefined
  /** The job as it was last seen, and what was last foretold of it. */
  #view: JobView | undefined
  #prospect: Prospect | undefined
  /** The last bytes of the answer as the caller has it. */
  #tail = Buffer.alloc(0)

  constructor({ job, response, endpoint, streaming, asked, shownWait, now }: CallerResponseOptions) {
    this.#job = job
    this.#response = response
    this.#endpoint = endpoint
    this.#streaming = streaming
    this.#asked = asked
    this.#words = streaming && shownWait ? new WaitWords(shownWait) : undefined
    this.#now = now
  }

  /** Whether the caller has been sent anything. */
  get hasBegun(): boolean {
    return this.#state !== 'unsent'
  }

  /** Whether any byte of the answer has gone into what the caller was sent. */
  get hasBody(): boolean {
    return this.#hasBody
  }

  /** Whether the caller can be shown its wait. From the first byte of the answer on, it cannot. */
  get showsWait(): boolean {
    return this.#words !== undefined && this.#state !== 'answering' && this.#state !== 'over'
  }

  /** Whether the caller is sent a head soon in which a job that waits has its prospect. */
  get wantsProspect(): boolean {
    return this.#state === 'unsent'
  }

  /** Notes how far the job is. The head says so. */
  note(view: JobView): void {
    this.#view = view
  }

  /** Sends the next piece of the job's output. */
  send(piece: OutputPiece): void {
    if (this.#state === 'over') return
    if (piece.kind === 'head') this.#takeHead(piece.head)
    else if (this.#state === 'refused') this.#refusal.push(piece.bytes)
    else if (this.#beginAnswer()) this.#sendBytes(piece.bytes)
  }

  /** How long the caller may hear nothing before it gets a heartbeat. */
  silenceMs({ heartbeatMs, holdMs }: Patience): number {
    return this.#streaming || this.hasBegun ? heartbeatMs : holdMs
  }

  /** Sends a heartbeat where one may stand, so that neither the caller nor a proxy gives up. */
  keepAlive(prospect?: Prospect): void {
    this.#prospect = prospect
    if (this.#state === 'over' || (this.#state === 'answering' && !this.#mayPad())) return
    if (this.#state === 'unsent') this.#commit()
    const heartbeat = this.#streaming ? this.#endpoint.heartbeat(this.#waiting()) : JSON_HEARTBEAT
    if (heartbeat) this.#response.write(heartbeat)
  }

  /** Shows the caller how long it waits, where `showsWait` says that it can. */
  show(prospect: Prospect): void {
    if (!this.#words || !this.showsWait) return
    this.#prospect = prospect
    if (this.#state === 'unsent') this.#commit()
    this.#response.write(this.#words.say(prospect.why.text, this.#waiting()))
  }

  /** Ends as the job has ended. */
  end(job: JobView): void {
    if (this.#state === 'over') return
    if (job.state === 'cancelled') return this.interrupt(STATUS_CLIENT_GONE, 'request canceled')
    const message = messageInsteadOfAnswer(job)
    if (message !== null) return this.interrupt(502, message)
    if (this.#state === 'refused') return this.#endWithRefusal()
    if (!this.#beginAnswer()) return
    if (this.#rewrite) this.#write(this.#rewrite.rest())
    // A whole answer can be shorter than its head has promised. Its caller would wait for the rest.
    if (this.#hasLength && this.#sentBytes < this.#promisedBytes()) breakOffSoon(this.#response)
    else this.#response.end()
    this.#state = 'over'
  }

  /** Ends because the bytes that were sent are not the answer: the job was cancelled, or it runs again. */
  takeBack({ state, errorMessage }: JobView): void {
    if (state === 'cancelled') return this.interrupt(STATUS_CLIENT_GONE, 'request canceled')
    this.interrupt(502, errorMessage ?? 'this attempt broke off, and the job runs again')
  }

  /** Tells the caller, in the way that is left, that no more of the answer follows. */
  interrupt(status: number, message: string, headers: Readonly<Record<string, string>> = {}): void {
    const { dialect } = this.#endpoint
    const { contentType, body } = dialect.error(status, message)
    if (this.#state === 'unsent') this.#sendWhole(status, body, { ...headers, 'Content-Type': contentType })
    else if (this.#hasLength) breakOffSoon(this.#response)
    else if (this.#isWhole()) this.#response.end()
    else if (this.#streaming) this.#endStream(this.#endpoint.streamError(status, message, this.#waiting()))
    else this.#breakOffBehind(withoutEnd(body))
    this.#state = 'over'
  }

  #takeHead(head: ResponseHead): void {
    this.#head = head
    if (this.#state === 'unsent' || this.#state === 'answering') return
    this.#state = head.status >= 300 ? 'refused' : 'committed'
    this.#refusal = []
  }

  #sendBytes(bytes: Buffer): void {
    this.#hasBody ||= bytes.byteLength > 0
    this.#write(this.#rewrite ? this.#rewrite.push(bytes) : bytes)
    if (this.#streaming) this.#check?.push(bytes)
  }

  #write(bytes: Uint8Array): void {
    this.#response.write(bytes)
    this.#sentBytes += bytes.byteLength
    this.#tail = Buffer.concat([this.#tail, bytes.subarray(-TAIL_BYTES)]).subarray(-TAIL_BYTES)
  }

  #promisedBytes(): number {
    const length = this.#head?.headers.find(([name]) => name.toLowerCase() === 'content-length')
    return Number(length?.[1])
  }

  /** Sends the target's head, unless a status was sent already. @returns false when HTTP cannot carry it */
  #beginAnswer(): boolean {
    const head = this.#head
    if (!head) throw new Error(`job ${this.#job.id} has output without a head`)
    this.#check ??= checkAnswer(head.headers, this.#endpoint)
    if (this.#state === 'unsent') {
      try {
        this.#writeHead(head)
      } catch (error) {
        if (!(error instanceof Refusal)) throw error
        this.interrupt(error.status, error.message)
        return false
      }
      this.#hasLength = head.headers.some(([name]) => name.toLowerCase() === 'content-length')
    }
    if (this.#state !== 'answering') {
      this.#endWords()
      this.#rewrite = this.#words?.rewriteOf(head.headers)
    }
    this.#state = 'answering'
    return true
  }

  /** Sends 200 and the headers that the target would send, before it is known what the target will say. */
  #commit(): void {
    const { stream, json } = this.#endpoint.dialect
    const headers: HeaderPairs = this.#streaming
      ? [['Content-Type', stream.contentType], ...stream.headers]
      : [['Content-Type', json.contentType]]
    this.#writeHead({ status: 200, headers: [...headers, ...unbuffered(headers)] })
    this.#state = 'committed'
  }

  #writeHead(head: ResponseHead): void {
    const added = [['X-Foreman-Job-Id', this.#job.id] as const, ...waitHeaders(this.#view, this.#prospect)]
    writeRelayedHead(this.#response, head, added)
  }

  /** A refusal under foreman's own 200: its text becomes an error of the dialect. */
  #endWithRefusal(): void {
    const status = this.#head?.status ?? 502
    const message = ollamaErrorMessage(Buffer.concat(this.#refusal).subarray(0, MAX_REFUSAL_BYTES))
    this.interrupt(status, message ?? `the target answered with status ${status}`)
  }

  #sendWhole(status: number, body: Uint8Array, headers: Readonly<Record<string, string>>): void {
    this.#response.writeHead(status, {
      ...headers,
      'Content-Length': body.byteLength,
      'X-Foreman-Job-Id': this.#job.id,
    })
    this.#response.end(body)
  }

  #endWords(): void {
    const end = this.#words?.end(this.#waiting())
    if (end && end.byteLength > 0) this.#response.write(end)
  }

  #endStream(error: Uint8Array): void {
    this.#endWords()
    const isLineOpen = this.#tail.byteLength > 0 && this.#tail.at(-1) !== LINE_FEED
    if (isLineOpen) this.#response.write('\n')
    if (this.#endpoint.dialect.stream.afterError(this.#asked) === 'end') this.#response.end(error)
    else this.#breakOffBehind(error)
  }

  /** Cuts the connection behind an error: under a status of 200, an error with a regular end could pass for an answer. */
  #breakOffBehind(error: Uint8Array): void {
    this.#response.write(error)
    breakOffSoon(this.#response)
  }

  /** Whether the caller has the last piece of the answer: then nothing that happens behind it is an error to the caller. */
  #isWhole(): boolean {
    return this.#streaming && this.#check?.verdict() === 'whole'
  }

  #waiting(): Waiting {
    return {
      ...this.#asked,
      id: this.#job.id,
      last: this.#check?.lastPiece(),
      now: this.#now(),
    }
  }

  /** Whether a heartbeat may stand here: between two pieces, and only while more pieces follow. */
  #mayPad(): boolean {
    if (!this.#streaming || this.#hasLength) return false
    const isComplete = this.#check !== undefined && this.#check.verdict() !== 'cut_short'
    return !isComplete && this.#endpoint.dialect.stream.isBetweenPieces(this.#tail)
  }
}

/** Headers that tell proxies to pass a heartbeat on at once. */
const unbuffered = (headers: HeaderPairs): HeaderPairs => [
  ...(headers.some(([name]) => name === 'Cache-Control') ? [] : [['Cache-Control', 'no-cache'] as const]),
  ['X-Accel-Buffering', 'no'],
]

/**
 * An error without its closing brace, for callers that wait for one JSON value: a person can read it, and a decoder that reads
 * no further than the end of the first value does not take it for an answer.
 */
const withoutEnd = (error: Uint8Array): Uint8Array => error.subarray(0, -1)
