import type { Logger } from '@foreman/process/logger'
import manifest from '../../package.json' with { type: 'json' }
import { health, type Observed, readiness } from '../health/reasons.ts'
import { cached } from '../http/cached.ts'
import { retryLater } from '../http/refusal.ts'
import type { OwnFacts, OwnMetrics } from './metrics/own-metrics.ts'
import type { Questions, SnapshotAnswer } from './questions.ts'
import { QueueReader } from './reader.ts'
import type { GatewayFacts } from './snapshot.ts'
import type { SystemAsked } from './system.ts'
import { QueueWatch } from './watch.ts'

export interface OverviewOptions {
  /** What the store was opened by. */
  readonly location: string
  readonly observe: () => Promise<Observed>
  readonly hasTokens: boolean
  /** The names of those who may submit jobs. */
  readonly callers: readonly string[]
  readonly logger: Logger
  readonly now: () => number
  readonly requestCounts: OwnFacts['requestCounts']
  readonly waitingCallers: OwnFacts['waitingCallers']
  readonly minFreeBytes: number
  readonly system: SystemAsked
}

/** What operators see of the queue: read by a thread of its own, once a second for all. */
export class Overview {
  readonly #options: OverviewOptions
  readonly #reader: QueueReader
  readonly watch: QueueWatch
  /** Read once a second at the most. */
  readonly metrics: () => Promise<Buffer>
  #own: Promise<OwnMetrics> | undefined

  constructor(options: OverviewOptions) {
    this.#options = options
    this.#reader = new QueueReader(options)
    this.metrics = cached({ read: () => this.#metrics(), now: options.now })
    this.watch = new QueueWatch({
      reader: this.#reader,
      snapshotFor: (caller, has) => this.#snapshot({ caller, has, fields: undefined }),
      logger: options.logger,
    })
  }

  /** @throws Refusal with 503 when the queue cannot be read now */
  async snapshot(asked: SnapshotWish): Promise<SnapshotAnswer> {
    return this.#orLater(() => this.#snapshot(asked))
  }

  /** @throws Refusal with 503 when the queue cannot be read now */
  async ask<Q extends 'timeline' | 'arrivalOrder' | 'history' | 'models' | 'receivers'>(
    question: Q,
    ...argument: Parameters<Questions[Q]>
  ): Promise<Awaited<ReturnType<Questions[Q]>>> {
    return this.#orLater(() => this.#reader.ask(question, ...argument))
  }

  /** @throws Refusal with 503 when the queue cannot be read now */
  async system(): Promise<Uint8Array> {
    return this.#orLater(() => this.#reader.ask('system', this.#options.system))
  }

  /** Somebody has stepped in here, and sees at once what that has changed. */
  async forget(): Promise<void> {
    // Without a thread nothing is remembered. One that cannot answer now forgets by itself in a second.
    if (this.#reader.isReading) await this.#reader.ask('forget').catch(() => undefined)
  }

  close(): Promise<void> {
    return this.#reader.close()
  }

  async #snapshot(asked: SnapshotWish): Promise<SnapshotAnswer> {
    return this.#reader.ask('snapshot', { ...asked, gateway: await this.#gatewayFacts() })
  }

  async #metrics(): Promise<Buffer> {
    const own = await this.#ownMetrics()
    const [ofFile, ofProcess] = await Promise.all([this.#fileMetrics(), own.text()])
    return Buffer.concat([ofFile, Buffer.from(`\n${ofProcess}`)])
  }

  /** Empty while the queue cannot be read: what this process knows says why. */
  async #fileMetrics(): Promise<Uint8Array> {
    const { callers, logger } = this.#options
    try {
      return await this.#reader.ask('metrics', { version: manifest.version, callers })
    } catch (error) {
      logger.warn({ err: error }, 'the metrics of the queue cannot be read')
      return Buffer.alloc(0)
    }
  }

  /** Loaded with the first question: a gateway that nobody asks for its metrics needs no memory for them. */
  #ownMetrics(): Promise<OwnMetrics> {
    this.#own ??= import('./metrics/own-metrics.ts').then(({ OwnMetrics }) => new OwnMetrics(this.#options))
    return this.#own
  }

  async #gatewayFacts(): Promise<GatewayFacts> {
    const { observe, hasTokens } = this.#options
    const observed = await observe()
    const { degraded, reasons = [] } = health(observed)
    return {
      version: manifest.version,
      health: { degraded, reasons },
      accepting: readiness(observed).ready,
      hasTokens,
    }
  }

  async #orLater<T>(read: () => Promise<T>): Promise<T> {
    try {
      return await read()
    } catch (error) {
      this.#options.logger.warn({ err: error }, 'the queue cannot be shown')
      throw retryLater(503, 'the queue cannot be read now', 1)
    }
  }
}

interface SnapshotWish {
  readonly caller: string | undefined
  readonly fields: readonly string[] | undefined
  readonly has: string | undefined
}
