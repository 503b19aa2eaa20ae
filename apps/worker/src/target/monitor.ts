import { canonicalModelName, modelLoading, type OllamaClient } from '@foreman/ollama-client'
import type { HeaderPairs, ModelRow, Store, TargetState } from '@foreman/store'
import pRetry from 'p-retry'
import type { Logger } from '../logger.ts'
import type { TargetProbe } from '../run/verdict.ts'

const PROBE_TIMEOUT_MS = 5_000
const PROBE_INTERVAL_MS = 500
const POLLED_PATHS = ['/api/tags', '/api/version'] as const

export interface TargetMonitorOptions {
  readonly client: OllamaClient
  readonly store: Store
  readonly logger: Logger
  readonly pollIntervalMs: number
  readonly now: () => number
  /** The target has come back (or is there for the first time), and has been polled. */
  readonly onReturn: (resident: readonly string[]) => void
  /** More is known of how this model loads. */
  readonly onModel: (name: string) => void
  /** It was polled. */
  readonly onPoll: (resident: readonly string[]) => void
}

/** Knows whether the target is there, waits for it when it is not, and keeps what it says of itself in the file. */
export class TargetMonitor {
  readonly #options: TargetMonitorOptions
  readonly #stopped = new AbortController()
  #state: TargetState = 'unknown'
  #suspectedAt = 0
  #pollTimer: NodeJS.Timeout | undefined
  #waiting = false
  #polling = false
  #learning = false

  constructor(options: TargetMonitorOptions) {
    this.#options = options
  }

  get isUp(): boolean {
    return this.#state === 'up'
  }

  start(): void {
    this.#suspectedAt = this.#options.store.target.read().suspectedAt ?? 0
    void this.#waitForReturn()
  }

  stop(): void {
    clearTimeout(this.#pollTimer)
    this.#stopped.abort(new Error('the worker stops'))
  }

  /** Somebody met an absent target. Nothing is sent to it until it answers again. */
  lost(reason: string): void {
    if (this.#stopped.signal.aborted) return
    if (this.#state !== 'away') {
      this.#options.logger.warn({ reason }, 'the target is away; the queue waits')
      this.#note('away', reason)
    }
    clearTimeout(this.#pollTimer)
    void this.#waitForReturn()
  }

  /** Looks whether a gateway has asked for the target to be checked. */
  heedSuspicion(): void {
    const suspectedAt = this.#options.store.target.read().suspectedAt ?? 0
    if (suspectedAt === this.#suspectedAt) return
    this.#suspectedAt = suspectedAt
    this.check()
  }

  /** Looks at once, where there is reason to doubt. */
  check(): void {
    if (this.#state === 'up') void this.#poll()
  }

  async probe(): Promise<TargetProbe> {
    try {
      const status = await this.#get('/api/version').then(answer => answer.status)
      if (status === 401 || status === 403) return 'refuses_credentials'
      return status < 300 ? 'there' : 'gone'
    } catch {
      return 'gone'
    }
  }

  async #waitForReturn(): Promise<void> {
    if (this.#waiting) return
    this.#waiting = true
    const resident = await this.#returned()
    this.#waiting = false
    if (this.#stopped.signal.aborted) return
    // It answered, and was gone again before it could be polled.
    if (!resident) return void setTimeout(() => void this.#waitForReturn(), PROBE_INTERVAL_MS)
    this.#note('up', null)
    this.#options.logger.info({ resident }, 'the target is there')
    this.#options.onReturn(resident)
    this.#schedulePoll()
    void this.#learnLoading()
  }

  /** Waits until the target answers, and polls it. */
  async #returned(): Promise<string[] | undefined> {
    try {
      await pRetry(() => this.#mustBeThere(), {
        retries: Number.POSITIVE_INFINITY,
        factor: 1,
        minTimeout: PROBE_INTERVAL_MS,
        signal: this.#stopped.signal,
      })
      return await this.#pollNow()
    } catch (error) {
      this.#options.logger.debug({ err: error }, 'the target is not there yet')
      return undefined
    }
  }

  async #mustBeThere(): Promise<void> {
    const presence = await this.probe()
    if (presence === 'there') return
    const reason = presence === 'gone' ? 'it does not answer' : "it refuses foreman's credentials"
    if (this.#state === 'unknown') {
      this.#options.logger.warn({ reason }, 'the target is away; the queue waits')
      this.#note('away', reason)
    }
    throw new Error(reason)
  }

  #schedulePoll(): void {
    this.#pollTimer = setTimeout(() => void this.#poll(), this.#options.pollIntervalMs)
  }

  async #poll(): Promise<void> {
    if (this.#polling) return
    this.#polling = true
    clearTimeout(this.#pollTimer)
    const resident = await this.#pollNow().catch((error: unknown) => error as Error)
    this.#polling = false
    if (this.#stopped.signal.aborted) return
    if (resident instanceof Error) return this.lost(resident.message)
    this.#options.onPoll(resident)
    this.#schedulePoll()
    void this.#learnLoading()
  }

  /** Asks of each manifest, once, what decides about its loading. What cannot be learnt now is asked again. */
  async #learnLoading(): Promise<void> {
    const { store, client, logger, onModel } = this.#options
    if (this.#learning) return
    this.#learning = true
    for (const { name, digest, remote } of store.catalogue.unasked()) {
      if (remote || digest === '') continue
      try {
        // Another name of the same manifest may just have been asked about.
        if (!store.catalogue.model(name)?.loading) {
          const loading = modelLoading(await client.show({ model: name }, { signal: this.#timeout() }))
          store.catalogue.noteLoading(digest, { ...loading })
        }
        onModel(name)
      } catch (error) {
        if (this.#stopped.signal.aborted) return
        logger.debug({ err: error, model: name }, 'how this model loads could not be learnt')
      }
    }
    this.#learning = false
  }

  /** @returns the names of the models in memory */
  async #pollNow(): Promise<string[]> {
    const { store, client, now } = this.#options
    for (const path of POLLED_PATHS) {
      const { status, headers, body } = await this.#get(path)
      if (status !== 200) throw new Error(`it answers ${path} with ${status}`)
      const rows = path === '/api/tags' ? modelRows(body) : undefined
      this.#quietly(() => {
        store.catalogue.keepSnapshot(path, { headers, body, polledAt: now() })
        if (rows) store.catalogue.replaceModels(rows)
      })
    }
    const { models } = await client.ps({ signal: this.#timeout() })
    return models.map(model => model.name)
  }

  async #get(path: string): Promise<{ status: number; headers: HeaderPairs; body: Buffer }> {
    const exchange = await this.#options.client.open('GET', path, [], undefined, this.#timeout())
    const { status, headers } = exchange
    return { status, headers, body: Buffer.concat(await exchange.body.toArray()) }
  }

  #timeout(): AbortSignal {
    return AbortSignal.any([this.#stopped.signal, AbortSignal.timeout(PROBE_TIMEOUT_MS)])
  }

  #note(state: TargetState, reason: string | null): void {
    this.#state = state
    const { store, now } = this.#options
    this.#quietly(() => store.target.note({ state, reason, since: now() }))
  }

  /** A full disk says nothing about the target. */
  #quietly(write: () => void): void {
    try {
      write()
    } catch (error) {
      this.#options.logger.warn({ err: error }, 'what the target says could not be kept')
    }
  }
}

/** An empty list, and none at all, are `null` to some versions. */
const modelRows = (tags: Buffer): Omit<ModelRow, 'loading'>[] => {
  const { models } = JSON.parse(tags.toString()) as {
    models?: { name: string; digest?: string; remote_host?: string }[] | null
  }
  const rows = new Map<string, Omit<ModelRow, 'loading'>>()
  for (const { name, digest = '', remote_host: remoteHost } of models ?? []) {
    const canonical = canonicalModelName(name)
    if (canonical) rows.set(canonical, { name: canonical, digest, remote: Boolean(remoteHost) })
  }
  return [...rows.values()]
}
