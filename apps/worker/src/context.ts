import { webhookMessages } from '@foreman/job-view'
import { OllamaClient } from '@foreman/ollama-client'
import { OwnFiguresReader } from '@foreman/process'
import type { Logger } from '@foreman/process/logger'
import { printsOfShared } from '@foreman/process/shared-settings'
import { openStore, type Store } from '@foreman/store'
import { deliverer, destinationPolicy } from '@foreman/webhooks'
import manifest from '../package.json' with { type: 'json' }
import type { WorkerConfig } from './settings.ts'
import type { GatewayPatience } from './upkeep/gateway-watch.ts'
import { ownTimeZone } from './windows.ts'
import { Worker } from './worker.ts'

export type { GatewayPatience } from './upkeep/gateway-watch.ts'

export interface Context {
  readonly store: Store
  readonly worker: Worker
  /** Stops the worker and closes the store. A second call waits for the first. */
  close(): Promise<void>
}

export interface Collaborators {
  readonly logger: Logger
  readonly pid: number
  /** Default: the clock of the store. */
  readonly now?: () => number
  readonly gatewayPatience?: GatewayPatience
  /** Default: `openStore` of @foreman/store. */
  readonly openStore?: typeof openStore
}

/**
 * Opens the store and builds everything that a worker consists of. Nothing runs until `worker.start()`.
 *
 * @throws StoreUnusableError when the queue cannot be used
 */
export const createContext = async (config: WorkerConfig, collaborators: Collaborators): Promise<Context> => {
  const { logger, pid, gatewayPatience, openStore: open = openStore } = collaborators
  const store = await open(config.dbPath, {
    role: 'worker',
    onError: err => logger.warn({ err }, 'could not look for changes; looking again'),
    ...webhookMessages({ publicUrl: config.publicUrl, logger }),
  })
  const client = new OllamaClient({
    url: config.ollamaUrl,
    token: config.ollamaToken,
    via: store.deployment,
    // The answers are read, checked and kept: packed ones would have to be unpacked first.
    headers: { 'Accept-Encoding': 'identity' },
  })
  const now = collaborators.now ?? (() => store.now())
  const shared = { client, store, logger, now }
  const steady = () => performance.now()
  const own = new OwnFiguresReader()
  const settings = printsOfShared(config, store.deployment)
  const worker = new Worker({
    store,
    logger,
    now,
    pid,
    figures: () => ({ version: manifest.version, settings, ...own.read() }),
    run: {
      ...shared,
      jobTimeoutMs: config.jobTimeout,
      stallMs: config.stall,
      loadTimeoutMs: config.loadTimeout,
      maxAttempts: config.maxAttempts,
      jobTtlMs: config.jobTtl,
    },
    monitor: { ...shared, pollIntervalMs: config.pollInterval },
    embedder: { ...shared, model: config.embedModel },
    gatewayWatch: { ...shared, steady, jobTtlMs: config.jobTtl, patience: gatewayPatience },
    courier: {
      ...shared,
      steady,
      random: Math.random,
      secrets: config.webhookSecret,
      deliver: deliverer({
        policy: destinationPolicy({ allow: config.webhookAllow }),
        ...(config.webhookCa !== undefined && { ca: config.webhookCa }),
      }),
    },
    scheduling: {
      concurrency: config.concurrency,
      models: config.models,
      maxWaitMs: config.maxWait,
      maxWaitLowMs: config.maxWaitLow,
      expects: config.expect === 'on',
      halfLifeMs: config.fairHalflife,
      windows: config.windows,
      timeZone: config.timezone ?? ownTimeZone(config.windows),
    },
    historyMs: config.history,
    graceMs: config.shutdownGrace,
  })
  return {
    store,
    worker,
    close: async () => {
      await worker.stop()
      await store.close()
    },
  }
}
