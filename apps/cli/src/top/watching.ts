import { type ForemanClient, ForemanError } from '@foreman/foreman-client'
import { inWords, type OperationNews, type QueueSnapshot, type Timeline } from '@foreman/jobs'
import { setTimeout as delay } from 'node:timers/promises'
import { type TopState, withNews } from './state.ts'
import { LANE_MS } from './view.ts'

/** How often the lane is read anew, and whether foreman is still there. */
const LOOK_MS = 5_000
const PATIENCE_MS = 4_000

/** Keeps what is shown up to date. */
export class Watching {
  readonly #client: ForemanClient
  readonly #signal: AbortSignal
  #changed: () => void = () => undefined
  #state: TopState = {
    snapshot: undefined,
    timeline: undefined,
    recent: [],
    selected: undefined,
    job: undefined,
    question: undefined,
    message: undefined,
  }
  /** When the last snapshot was made, by foreman's clock, and when it came, by a clock that nobody sets. */
  #at = { foreman: Date.now(), own: performance.now() }

  constructor(client: ForemanClient, signal: AbortSignal) {
    this.#client = client
    this.#signal = signal
  }

  get state(): TopState {
    return this.#state
  }

  /** The present time by foreman's clock, which may differ from that of this machine. */
  get now(): number {
    return this.#at.foreman + performance.now() - this.#at.own
  }

  start(first: QueueSnapshot, changed: () => void): void {
    this.#changed = changed
    this.#take(first)
    void this.#follow().catch((error: unknown) => this.#fail(error))
    void this.#look()
  }

  set(change: Partial<TopState>): void {
    this.#state = { ...this.#state, ...change }
    this.#changed()
  }

  #take(snapshot: QueueSnapshot): void {
    this.#at = { foreman: Date.parse(snapshot.at), own: performance.now() }
    this.set({ snapshot })
  }

  async #follow(): Promise<void> {
    for await (const { event, data } of this.#client.queue.events({ signal: this.#signal })) {
      if (event === 'queue') this.#take(data)
      else if (event === 'job') this.set({ recent: withNews(this.#state.recent, data) })
      else if (event === 'operation' && data.action !== 'look') this.#tell(data)
    }
  }

  /** Says what an operator has done, unless there is something else to be read. */
  #tell({ by, action, subject = '' }: OperationNews): void {
    this.set({ message: this.#state.message ?? `${by}: ${action} ${subject}` })
  }

  /** Reads what no event tells: the lane, the job that is looked at, and that foreman is not there. */
  async #look(): Promise<void> {
    let lostAt: number | undefined
    while (!this.#signal.aborted) {
      try {
        const signal = AbortSignal.any([this.#signal, AbortSignal.timeout(PATIENCE_MS)])
        this.set({ timeline: await this.#timeline(signal) })
        if (lostAt !== undefined) this.set({ message: undefined })
        lostAt = undefined
        await this.#refreshJob(signal)
      } catch (error) {
        lostAt ??= performance.now()
        const message = `not up to date for ${inWords(performance.now() - lostAt)}: ${(error as Error).message}`
        if (!this.#signal.aborted) this.set({ message })
      }
      await delay(LOOK_MS, undefined, { signal: this.#signal }).catch(() => undefined)
    }
  }

  async #timeline(signal: AbortSignal): Promise<Timeline | undefined> {
    try {
      return await this.#client.queue.timeline({ from: new Date(this.now - LANE_MS), signal })
    } catch (error) {
      if (error instanceof ForemanError && error.status === 403) return undefined
      throw error
    }
  }

  /** Reads the job anew that is looked at. */
  async #refreshJob(signal: AbortSignal): Promise<void> {
    const { job } = this.#state
    if (!job) return
    const fresh = await this.#client.job(job.id, { signal })
    if (this.#state.job?.id === job.id) this.set({ job: fresh })
  }

  #fail(error: unknown): void {
    if (!this.#signal.aborted) this.set({ message: (error as Error).message })
  }
}
