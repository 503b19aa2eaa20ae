import type { Store } from '@foreman/store'
import { setTimeout as delay } from 'node:timers/promises'
import type { GatewayServer } from './http/server.ts'
import type { LockTest } from './intake/lock-test.ts'
import type { Logger } from './logger.ts'

const LOCK_TEST_MS = 10_000
/** What callers that are cut off have to read why. */
const FAREWELL_MS = 500

export interface GatewayOptions {
  readonly server: GatewayServer
  readonly store: Store
  readonly logger: Logger
  readonly lockTest: LockTest
  readonly graceMs: number
  /** Tells all who wait that the time is up. */
  readonly cutOff: AbortController
  /** Set when the gateway begins to stop. */
  readonly stopping: AbortController
}

/** A gateway that listens. */
export class Gateway {
  readonly url: string
  readonly #options: GatewayOptions
  readonly #lockTimer: NodeJS.Timeout

  constructor(options: GatewayOptions) {
    this.#options = options
    this.url = options.server.url
    this.#lockTimer = setInterval(() => this.#testLocks(), LOCK_TEST_MS)
    this.#testLocks()
  }

  /**
   * Takes nothing more, lets what runs end within the grace period, then tells whoever still waits. Their jobs stay.
   */
  async stop(): Promise<void> {
    const { server, store, graceMs, cutOff, stopping } = this.#options
    if (stopping.signal.aborted) return
    stopping.abort()
    clearInterval(this.#lockTimer)
    const closed = server.stopAccepting()
    const patience = new AbortController()
    const isClosed = await Promise.race([
      closed.then(() => true),
      delay(graceMs, false, { signal: patience.signal }),
    ])
    patience.abort()
    if (!isClosed) {
      cutOff.abort()
      await Promise.race([closed, delay(FAREWELL_MS)])
      server.cutConnections()
      await closed
    }
    store.close()
  }

  #testLocks(): void {
    const { lockTest, logger } = this.#options
    try {
      lockTest.check()
      if (lockTest.isBroken) logger.error('file locks do not work where the queue lies; jobs are refused')
    } catch (error) {
      logger.warn({ err: error }, 'the file locks could not be tested')
    }
  }
}
