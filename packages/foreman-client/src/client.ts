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
import { Batches } from './batches.ts'
import { parseEvents } from './event-stream.ts'
import { assertSuccess, foremanError, isProblem, jsonOf } from './http-answer.ts'
import { QueueClient } from './queue-client.ts'
import { Requester } from './requester.ts'
import { metadataIs, searchOf, submissionLine } from './requests.ts'
import { isTransient } from './retry.ts'
import type {
  Batch,
  Delivery,
  DeliveryFilter,
  DeliveryPage,
  DeliveryQuery,
  Job,
  JobAction,
  JobChanges,
  JobEvent,
  JobOptions,
  JobPage,
  JobQuery,
  ListedDelivery,
  ManyOptions,
  Operation,
  Receivers,
  Submission,
} from './types.ts'

/** The longest wait that foreman accepts in `Prefer: wait=…`. */
const MAX_WAIT_S = 55
const JSON_BODY = [['Content-Type', 'application/json']] as const

/** The status of an event stream when the job has ended and has no further events. */
const NO_CONTENT = 204

export interface ForemanClientOptions extends OllamaClientOptions {
  /**
   * Milliseconds before a lost connection is opened again. The pause grows from one failure to the next.
   * @default 1000
   */
  readonly pauseMs?: number | undefined
  /**
   * `wait`, `results` and `events` give up a connection on which no bytes arrive for so many milliseconds, and open
   * another. It must be more than 55,000, because foreman may wait that long before it answers.
   * @default 90000
   */
  readonly idleTimeoutMs?: number | undefined
}

export interface SubmitOptions extends CallOptions {
  /** If you repeat a submission with the same key, foreman creates no new job and answers with the first one. */
  readonly idempotencyKey?: string | undefined
}

export interface EventsOptions extends CallOptions {
  /** Begin with the event after the one with this id. */
  readonly lastEventId?: string | undefined
}

export interface ResultsOptions extends CallOptions {
  /**
   * How many jobs are watched at a time, each on a connection of its own.
   * @default 32
   */
  readonly concurrency?: number | undefined
}

/**
 * A client for foreman: Ollama's API, and foreman's background jobs. `wait`, `results`, `events`, `batches.results` and
 * `batches.submitLines` go on when a connection is lost and after 429, 502, 503 and 504, until their signal aborts. All other methods send a request once.
 *
 * The methods for jobs fail with ForemanError, ConnectionError or StreamError, or with the reason of their signal.
 *
 * @example
 * const client = new ForemanClient({ url: 'http://127.0.0.1:8080' })
 * const { id } = await client.submit({ model: 'llama3.2', prompt: 'Why is the sky blue?' })
 * const { state, result } = await client.wait(id)
 */
export class ForemanClient extends OllamaClient {
  /** The queue as a whole, for those who run it. */
  readonly queue: QueueClient
  readonly #requester: Requester
  /** Jobs that were submitted together. */
  readonly batches: Batches

  constructor({ pauseMs = 1_000, idleTimeoutMs = 90_000, ...options }: ForemanClientOptions) {
    // A submission must not be sent twice, which can happen on a kept connection.
    super({ connection: 'fresh', ...options })
    this.#requester = new Requester(
      ({ method, path, headers, body, signal }) => this.open(method, path, headers, body, signal),
      { pauseMs, idleTimeoutMs },
    )
    this.queue = new QueueClient(this.#requester)
    this.batches = new Batches(this.#requester)
  }

  /**
   * Submits a job: the request body of Ollama's chat or generate, or of another `endpoint`.
   * @throws ForemanError when foreman refuses the job
   * @example
   * const job = await client.submit(
   *   { model: 'llama3.2', prompt: 'Why is the sky blue?' },
   *   { priority: 'low', idempotencyKey: 'page 7' },
   * )
   */
  submit(
    request: ChatRequest | GenerateRequest,
    options?: JobOptions & SubmitOptions & { endpoint?: '/api/chat' | '/api/generate' | undefined },
  ): Promise<Job>
  submit(request: object, options: JobOptions & SubmitOptions & { endpoint: string }): Promise<Job>
  submit(
    request: object,
    {
      idempotencyKey,
      signal,
      ...options
    }: JobOptions & SubmitOptions & { endpoint?: string | undefined } = {},
  ): Promise<Job> {
    const body = submissionLine({ ...options, request } as Submission)
    return this.#submit('/jobs', 'application/json', body, { idempotencyKey, signal })
  }

  /**
   * Submits up to 10,000 jobs. foreman accepts all of them or none. Divide more yourself: each part is then accepted or
   * refused by itself.
   * @throws ForemanError when foreman refuses one of the jobs; its `index` and `line` say which
   * @example
   * const prompts = ['Why is the sky blue?', 'Why is grass green?']
   * const batch = await client.submitBatch(prompts.map(prompt => ({ request: { model: 'llama3.2', prompt } })))
   */
  async submitBatch(
    submissions: Iterable<Submission> | AsyncIterable<Submission>,
    options: SubmitOptions = {},
  ): Promise<Batch> {
    const lines = await Array.fromAsync(submissions, submissionLine)
    return this.#submit('/jobs/batch', 'application/jsonl', lines.join('\n'), options)
  }

  /**
   * Reads a job, with its result if it has one.
   * @throws ForemanError when foreman has no such job
   */
  job(id: string, { signal }: CallOptions = {}): Promise<Job> {
    return this.#requester.once({ method: 'GET', path: pathOf(id), signal })
  }

  /**
   * Yields all jobs that match the query, the newest first. Each page is read when the loop reaches it.
   * @example
   * for await (const { id, error } of client.jobs({ state: 'failed' })) console.log(id, error)
   */
  async *jobs({ meta, ...query }: JobQuery = {}, { signal }: CallOptions = {}): AsyncGenerator<Job, void> {
    let cursor: string | undefined
    do {
      const path = `/jobs?${searchOf(query, { ...metadataIs(meta), cursor })}`
      const page: JobPage = await this.#requester.once({ method: 'GET', path, signal })
      yield* page.jobs
      cursor = page.next_cursor ?? undefined
    } while (cursor !== undefined)
  }

  /**
   * Resolves with the job when it has ended, also if it failed or was cancelled.
   * @throws ForemanError when foreman has no such job
   * @example
   * const { state, result, error } = await client.wait(id, { signal: AbortSignal.timeout(60_000) })
   */
  async wait(id: string, { signal }: CallOptions = {}): Promise<Job> {
    for (;;) {
      const job = await this.#read(id, MAX_WAIT_S, signal)
      if (isEndState(job.state)) return job
    }
  }

  /**
   * Yields each job of a list or batch when it has ended.
   * @throws ForemanError when one of the jobs cannot be read any more
   * @example
   * for await (const { id, state, result } of client.results(batch)) console.log(id, state, result)
   */
  async *results(
    jobs: readonly string[] | Batch,
    { concurrency = 32, signal }: ResultsOptions = {},
  ): AsyncGenerator<Job, void> {
    const ids = 'jobs' in jobs ? jobs.jobs.map(({ id }) => id) : jobs
    const leaving = new AbortController()
    const signals = AbortSignal.any([leaving.signal, ...(signal ? [signal] : [])])
    const read = (id: string, waitS: number) => this.#read(id, waitS, signals)
    try {
      yield* asTheyEnd(ids, { concurrency, longestWaitS: MAX_WAIT_S, read })
    } finally {
      leaving.abort()
    }
  }

  /**
   * Yields the events of a job, past and new, up to its end. Each event comes exactly once, also if connections are lost.
   * @throws ForemanError when foreman has no such job
   * @throws StreamError when the stream holds an event that is not one of foreman's
   * @example
   * for await (const { event, data } of client.events(id)) console.log(event, data)
   */
  async *events(id: string, { lastEventId, signal }: EventsOptions = {}): AsyncGenerator<JobEvent, void> {
    const path = `${pathOf(id)}/events`
    let last = lastEventId
    for (;;) {
      const headers = last === undefined ? [] : ([['Last-Event-ID', last]] as const)
      const { status, body } = await this.#requester.untilAnswered(
        { method: 'GET', path, headers, signal },
        answer => Promise.resolve(answer),
      )
      try {
        for await (const event of parseEvents(body)) {
          last = event.id
          yield event
          if (isEndState(event.event)) return
        }
      } catch (error) {
        if (!isTransient(error)) throw error
      }
      if (status === NO_CONTENT) return
      await this.#requester.pause(signal)
    }
  }

  /**
   * Opens the target's own answer: its status, its headers and its bytes, from the beginning and then as they arrive.
   * @throws ForemanError when the job has no answer
   * @example
   * const { status, body } = await client.stream(id)
   * for await (const chunk of body) process.stdout.write(chunk)
   */
  async stream(id: string, { signal }: CallOptions = {}): Promise<Exchange> {
    const exchange = await this.open('GET', `${pathOf(id)}/stream`, [], undefined, signal)
    if (isProblem(exchange.headers)) throw await foremanError(exchange)
    return exchange
  }

  /**
   * Opens the body of the job's request: its bytes as they were sent, with their `Content-Type`.
   * @throws ForemanError when it is no longer kept
   */
  async request(id: string, { signal }: CallOptions = {}): Promise<Exchange> {
    const exchange = await this.open('GET', `${pathOf(id)}/request`, [], undefined, signal)
    await assertSuccess(exchange)
    return exchange
  }

  /**
   * Changes the priority or the deadline of a queued job.
   * @throws ForemanError with the code `not_queued` when it has started or ended
   */
  change(id: string, changes: JobChanges, { signal }: CallOptions = {}): Promise<Job> {
    const body = Buffer.from(JSON.stringify(changes))
    return this.#requester.once({ method: 'PATCH', path: pathOf(id), headers: JSON_BODY, body, signal })
  }

  /**
   * Counts the jobs that an action is for.
   * @example
   * const expect = await client.count({ action: 'cancel', filter: { model: 'llama3.2' } })
   */
  count(order: JobAction, { signal }: CallOptions = {}): Promise<number> {
    return this.#count('/jobs/actions', order, signal)
  }

  /**
   * Cancels, repeats or changes the jobs of a filter. This goes on after it has resolved: `operation` says how far it is.
   * @throws ForemanError with the code `count_differs` when the filter matches another number than `expect`
   * @example
   * const { id } = await client.actOnJobs({ action: 'cancel', filter: { model: 'llama3.2' } }, { expect: 12 })
   */
  actOnJobs(order: JobAction, { signal, ...options }: ManyOptions & CallOptions = {}): Promise<Operation> {
    return this.#order('/jobs/actions', { ...order, ...options }, signal)
  }

  /** Reads how far an operation is. */
  operation(id: number, { signal }: CallOptions = {}): Promise<Operation> {
    return this.#requester.once({ method: 'GET', path: `/queue/operations/${id}`, signal })
  }

  /** Stops an operation. What is done stays done. */
  stopOperation(id: number, { signal }: CallOptions = {}): Promise<Operation> {
    return this.#requester.once({ method: 'DELETE', path: `/queue/operations/${id}`, signal })
  }

  /** Cancels a job, whether it is queued or running. A job that has ended stays as it is. */
  cancel(id: string, { signal }: CallOptions = {}): Promise<Job> {
    return this.#requester.once({ method: 'POST', path: `${pathOf(id)}/cancel`, signal })
  }

  /** Submits the request of an ended job again, as a new job. */
  retry(id: string, { signal }: CallOptions = {}): Promise<Job> {
    return this.#requester.once({ method: 'POST', path: `${pathOf(id)}/retry`, signal })
  }

  /** Reads the webhook deliveries of a job. */
  async deliveries(id: string, { signal }: CallOptions = {}): Promise<Delivery[]> {
    const path = `${pathOf(id)}/deliveries`
    const list = await this.#requester.once<{ deliveries: Delivery[] }>({ method: 'GET', path, signal })
    return list.deliveries
  }

  /** Yields the webhooks of all jobs that match the query, the newest first. Each page is read when the loop reaches it. */
  async *allDeliveries(
    query: DeliveryQuery = {},
    { signal }: CallOptions = {},
  ): AsyncGenerator<ListedDelivery, void> {
    let before: string | undefined
    do {
      const path = `/deliveries?${searchOf(query, { before })}`
      const page: DeliveryPage = await this.#requester.once({ method: 'GET', path, signal })
      yield* page.deliveries
      before = page.next_before ?? undefined
    } while (before !== undefined)
  }

  /** Counts the dead webhooks of a filter. */
  countDead(filter: DeliveryFilter, { signal }: CallOptions = {}): Promise<number> {
    return this.#count('/deliveries/redeliver', { filter }, signal)
  }

  /** Reads what is known of the hosts that webhooks go to, for operators and viewers. */
  receivers({ signal }: CallOptions = {}): Promise<Receivers> {
    return this.#requester.once({ method: 'GET', path: '/deliveries/receivers', signal })
  }

  /** Sends the dead webhooks of a filter again, for operators. `operation` says how far that is. */
  redeliverMany(
    filter: DeliveryFilter,
    { signal, ...options }: ManyOptions & CallOptions = {},
  ): Promise<Operation> {
    return this.#order('/deliveries/redeliver', { filter, ...options }, signal)
  }

  /** Sends a webhook again. It keeps its id. */
  redeliver(id: string, deliveryId: string, { signal }: CallOptions = {}): Promise<Delivery> {
    const path = `${pathOf(id)}/deliveries/${encodeURIComponent(deliveryId)}/redeliver`
    return this.#requester.once({ method: 'POST', path, signal })
  }

  async #count(path: string, order: object, signal: AbortSignal | undefined): Promise<number> {
    const { matched } = await this.#order<{ matched: number }>(path, { ...order, dry_run: true }, signal)
    return matched
  }

  #order<T>(path: string, order: object, signal: AbortSignal | undefined): Promise<T> {
    const body = Buffer.from(JSON.stringify(order))
    return this.#requester.once({ method: 'POST', path, headers: JSON_BODY, body, signal })
  }

  #submit<T>(path: string, type: string, body: string, options: SubmitOptions): Promise<T> {
    const { idempotencyKey: key, signal } = options
    const headers: [string, string][] = [['Content-Type', type]]
    if (key !== undefined) headers.push(['Idempotency-Key', key])
    return this.#requester.once({ method: 'POST', path, headers, body: Buffer.from(body), signal })
  }

  /** Reads a job when it has ended, or when `waitS` seconds are over. */
  async #read(id: string, waitS: number, signal: AbortSignal | undefined): Promise<Job> {
    const headers = { Prefer: `wait=${waitS}` }
    const job = await this.#requester.untilAnswered<Job>(
      { method: 'GET', path: pathOf(id), headers, signal },
      jsonOf,
    )
    // The answer can come early: from a gateway that is stopping, or because a proxy has removed the Prefer header.
    if (!isEndState(job.state)) await this.#requester.pause(signal)
    return job
  }
}

const pathOf = (id: string): string => `/jobs/${encodeURIComponent(id)}`
