import { isEndState } from '@foreman/jobs'
import {
  type CallOptions,
  OllamaClient,
  type OllamaClientOptions,
  type Exchange,
  type ChatRequest,
  type GenerateRequest,
} from '@foreman/ollama-client'
import { asTheyEnd } from './as-they-end.ts'
import { parseEvents } from './event-stream.ts'
import { foremanError, isProblem, jsonOf } from './http-answer.ts'
import { Wire } from './requester.ts'
import { searchOf, submissionLine } from './requests.ts'
import { passes } from './retry.ts'
import type { Batch, Delivery, Job, JobEvent, JobOptions, JobPage, JobQuery, Submission } from './types.ts'

/** foreman waits no longer before it answers. */
const LONGEST_WAIT_S = 60
/** The status of a stream of events that has no more. */
const NO_MORE = 204

export interface ForemanClientOptions extends OllamaClientOptions {
  /** Milliseconds before a lost connection is made again, more each time that fails. Default: 1,000. */
  pauseMs?: number | undefined
  /** Milliseconds of silence after which a connection to wait on counts as lost. Default: 90,000; more than 60,000. */
  silenceMs?: number | undefined
}

export interface HandOverOptions extends CallOptions {
  /** The same work with the same key again is not done again: the answer names the jobs that there are. */
  idempotencyKey?: string | undefined
}

export interface EventsOptions extends CallOptions {
  /** Go on behind the event with this id. */
  lastEventId?: string | undefined
}

export interface ResultsOptions extends CallOptions {
  /** Jobs looked at together, each on a connection of its own. Default: 32. */
  concurrency?: number | undefined
}

/**
 * foreman: Ollama's API, and work that nobody waits for. `wait`, `results` and `events` go on over lost connections
 * and over 429, 502, 503 and 504, until their signal is aborted. Nothing else is repeated.
 *
 * What asks about jobs fails with ForemanError, ConnectionError or StreamError, or with the reason of its signal.
 */
export class ForemanClient extends OllamaClient {
  readonly #wire: Wire

  constructor({ pauseMs = 1_000, silenceMs = 90_000, ...options }: ForemanClientOptions) {
    super(options)
    this.#wire = new Wire(
      ({ method, path, headers, body, signal }) => this.open(method, path, headers, body, signal),
      { pauseMs, silenceMs },
    )
  }

  /** Hands over a request as Ollama's chat or generate take it, or as another `endpoint` does. */
  submit(
    request: ChatRequest | GenerateRequest,
    options?: JobOptions & HandOverOptions & { endpoint?: '/api/chat' | '/api/generate' | undefined },
  ): Promise<Job>
  submit(request: object, options: JobOptions & HandOverOptions & { endpoint: string }): Promise<Job>
  submit(
    request: object,
    {
      idempotencyKey,
      signal,
      ...options
    }: JobOptions & HandOverOptions & { endpoint?: string | undefined } = {},
  ): Promise<Job> {
    const body = submissionLine({ ...options, request } as Submission)
    return this.#handOver('/jobs', 'application/json', body, { idempotencyKey, signal })
  }

  /**
   * Hands over all of these jobs or, when one is refused, none: the error tells which. foreman takes 10,000 at a time.
   * More are for the caller to divide, since only each part is taken as a whole.
   */
  async submitBatch(
    submissions: Iterable<Submission> | AsyncIterable<Submission>,
    options: HandOverOptions = {},
  ): Promise<Batch> {
    const lines = await Array.fromAsync(submissions, submissionLine)
    return this.#handOver('/jobs/batch', 'application/jsonl', lines.join('\n'), options)
  }

  job(id: string, { signal }: CallOptions = {}): Promise<Job> {
    return this.#wire.ask({ method: 'GET', path: pathOf(id), signal })
  }

  /** Newest first, asked for page by page as they are read. */
  async *jobs(query: JobQuery = {}, { signal }: CallOptions = {}): AsyncGenerator<Job, void> {
    let cursor: string | undefined
    do {
      const path = `/jobs?${searchOf(query, cursor)}`
      const page: JobPage = await this.#wire.ask({ method: 'GET', path, signal })
      yield* page.jobs
      cursor = page.next_cursor ?? undefined
    } while (cursor !== undefined)
  }

  /** Resolves with the job once it has ended, well or not. */
  async wait(id: string, { signal }: CallOptions = {}): Promise<Job> {
    for (;;) {
      const job = await this.#look(id, LONGEST_WAIT_S, signal)
      if (isEndState(job.state)) return job
    }
  }

  /** Each of these jobs, or of a batch, once it has ended. */
  async *results(
    jobs: readonly string[] | Batch,
    { concurrency = 32, signal }: ResultsOptions = {},
  ): AsyncGenerator<Job, void> {
    const ids = 'jobs' in jobs ? jobs.jobs.map(({ id }) => id) : jobs
    const leaving = new AbortController()
    const signals = AbortSignal.any([leaving.signal, ...(signal ? [signal] : [])])
    const look = (id: string, waitS: number) => this.#look(id, waitS, signals)
    try {
      yield* asTheyEnd(ids, { concurrency, longestWaitS: LONGEST_WAIT_S, look })
    } finally {
      leaving.abort()
    }
  }

  /** What has happened to a job and what happens, up to its end: each event once, whatever becomes of connections. */
  async *events(id: string, { lastEventId, signal }: EventsOptions = {}): AsyncGenerator<JobEvent, void> {
    const path = `${pathOf(id)}/events`
    let last = lastEventId
    for (;;) {
      const headers = last === undefined ? [] : ([['Last-Event-ID', last]] as const)
      const { status, body } = await this.#wire.keepAsking({ method: 'GET', path, headers, signal }, answer =>
        Promise.resolve(answer),
      )
      try {
        for await (const event of parseEvents(body)) {
          last = event.id
          yield event
          if (isEndState(event.event)) return
        }
      } catch (error) {
        if (!passes(error)) throw error
      }
      if (status === NO_MORE) return
      await this.#wire.pause(signal)
    }
  }

  /** The target's answer as it sent it, status and headers included, from the beginning and as it comes. */
  async stream(id: string, { signal }: CallOptions = {}): Promise<Exchange> {
    const exchange = await this.open('GET', `${pathOf(id)}/stream`, [], undefined, signal)
    if (isProblem(exchange.headers)) throw await foremanError(exchange)
    return exchange
  }

  /** Calls the job off, in whatever state it is. */
  cancel(id: string, { signal }: CallOptions = {}): Promise<Job> {
    return this.#wire.ask({ method: 'POST', path: `${pathOf(id)}/cancel`, signal })
  }

  /** Hands the request of an ended job over once more: a new job. */
  retry(id: string, { signal }: CallOptions = {}): Promise<Job> {
    return this.#wire.ask({ method: 'POST', path: `${pathOf(id)}/retry`, signal })
  }

  /** What became of the job's webhooks. */
  async deliveries(id: string, { signal }: CallOptions = {}): Promise<Delivery[]> {
    const path = `${pathOf(id)}/deliveries`
    const list = await this.#wire.ask<{ deliveries: Delivery[] }>({ method: 'GET', path, signal })
    return list.deliveries
  }

  /** Sends a webhook again, under the same id. */
  redeliver(id: string, deliveryId: string, { signal }: CallOptions = {}): Promise<Delivery> {
    const path = `${pathOf(id)}/deliveries/${encodeURIComponent(deliveryId)}/redeliver`
    return this.#wire.ask({ method: 'POST', path, signal })
  }

  #handOver<T>(path: string, type: string, body: string, options: HandOverOptions): Promise<T> {
    const { idempotencyKey: key, signal } = options
    const headers: [string, string][] = [['Content-Type', type]]
    if (key !== undefined) headers.push(['Idempotency-Key', key])
    return this.#wire.ask({ method: 'POST', path, headers, body: Buffer.from(body), signal })
  }

  /** The job when it has ended or when the time is up, whichever is first. */
  async #look(id: string, waitS: number, signal: AbortSignal | undefined): Promise<Job> {
    const headers = { Prefer: `wait=${waitS}` }
    const job = await this.#wire.keepAsking<Job>({ method: 'GET', path: pathOf(id), headers, signal }, jsonOf)
    // A gateway that stops answers before the time is up, and so does what lies between and drops the preference.
    if (!isEndState(job.state)) await this.#wire.pause(signal)
    return job
  }
}

const pathOf = (id: string): string => `/jobs/${encodeURIComponent(id)}`
