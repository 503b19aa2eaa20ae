import type { Service } from '@foreman/process'
import { setTimeout as delay } from 'node:timers/promises'
import { createApp } from './app.ts'
import { type Collaborators, type Context, createContext } from './context.ts'
import { entrancesOf, type OpenEntrance, openEntrances } from './entrances.ts'
import type { GatewayConfig } from './settings.ts'

/** How long callers that are cut off have to read the reason. */
const FAREWELL_MS = 500

interface Running {
  readonly context: Context
  readonly entrances: readonly OpenEntrance[]
}

/**
 * The HTTP side of foreman. Starting twice is the same as starting once. Stopping twice waits for the first stop.
 * Stopping what was never started does nothing. A gateway that was stopped does not start again.
 */
export class Gateway implements Service {
  readonly #config: GatewayConfig
  readonly #collaborators: Collaborators
  #started: Promise<Running> | undefined
  #stopped: Promise<void> | undefined
  #entrances: readonly OpenEntrance[] | undefined

  constructor(config: GatewayConfig, collaborators: Collaborators) {
    this.#config = config
    this.#collaborators = collaborators
  }

  /** Where the gateway listens, once it has started: at its main entrance. */
  get url(): string {
    return this.#opened()[0]!.url
  }

  /** The doors at which the gateway listens, once it has started. */
  get doors(): readonly { readonly caller: string; readonly url: string }[] {
    return this.#opened().flatMap(({ door, url }) => (door === undefined ? [] : [{ caller: door, url }]))
  }

  /**
   * Opens the queue and listens.
   *
   * @throws StoreUnusableError when the queue cannot be used
   * @throws SettingError when an address cannot be listened on
   */
  async start(): Promise<void> {
    if (this.#stopped) return
    this.#started ??= this.#open()
    await this.#started
  }

  /**
   * Accepts no more requests, and waits for those that run. When the grace period is over, it tells the callers that
   * still wait, and disconnects them. Their jobs stay in the queue.
   */
  stop(): Promise<void> {
    if (!this.#started) return Promise.resolve()
    this.#stopped ??= this.#close(this.#started)
    return this.#stopped
  }

  async #open(): Promise<Running> {
    const context = await createContext(this.#config, this.#collaborators)
    try {
      const entrances = await openEntrances(entrancesOf(this.#config), entrance =>
        createApp(context, entrance),
      )
      this.#entrances = entrances
      context.presence.start()
      return { context, entrances }
    } catch (error) {
      await context.store.close()
      throw error
    }
  }

  #opened(): readonly OpenEntrance[] {
    if (!this.#entrances) throw new Error('the gateway has not started')
    return this.#entrances
  }

  async #close(started: Promise<Running>): Promise<void> {
    // A start that failed has closed what it had opened.
    const running = await started.catch(() => undefined)
    if (!running) return
    const { context, entrances } = running
    context.beginStop()
    const closed = Promise.all(entrances.map(entrance => entrance.stopAccepting()))
    if (!(await isDoneWithin(this.#config.shutdownGrace, closed))) {
      context.cutOffCallers()
      await isDoneWithin(FAREWELL_MS, closed)
      for (const entrance of entrances) entrance.cutConnections()
      await closed
    }
    await context.operations.idle()
    await context.presence.stop()
    await context.overview.close()
    await context.store.close()
  }
}

/**
 * Builds a gateway and starts it.
 *
 * @throws StoreUnusableError when the queue cannot be used
 * @throws SettingError when an address cannot be listened on
 */
export const startGateway = async (config: GatewayConfig, collaborators: Collaborators): Promise<Gateway> => {
  const gateway = new Gateway(config, collaborators)
  await gateway.start()
  return gateway
}

const isDoneWithin = async (ms: number, done: Promise<unknown>): Promise<boolean> => {
  const timer = new AbortController()
  const late = delay(ms, false, { signal: timer.signal }).catch(() => false)
  const isDone = await Promise.race([done.then(() => true), late])
  timer.abort()
  return isDone
}
