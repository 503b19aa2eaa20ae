import { webhookMessages } from '@foreman/job-view'
import { OllamaClient } from '@foreman/ollama-client'
import type { Logger } from '@foreman/process/logger'
import { openStore, type Store } from '@foreman/store'
import { deliverer, destinationPolicy } from '@foreman/webhooks'
import type { WorkerConfig } from './settings.ts'
import { Embedder } from './target/embedder.ts'
import type { GatewayPatience } from './upkeep/gateway-watch.ts'
import { JobCleaner } from './upkeep/job-cleaner.ts'
import { Courier } from './webhooks/courier.ts'
import { Worker } from './worker.ts'

export type { GatewayPatience } from './upkeep/gateway-watch.ts'

/** How long a write of the worker waits for a write of another process. */
const BUSY_TIMEOUT_MS = 5_000

export interface Context {
  readonly store: Store
  readonly worker: Worker
  /** Stops the worker and closes the file. A second call waits for the first. */
  close(): Promise<void>
}

export interface Collaborators {
  readonly logger: Logger
  readonly pid: number
  /** Default: the system's clock. */
  readonly now?: () => number
  readonly gatewayPatience?: GatewayPatience
}

/** Opens the file and builds everything that a worker consists of. Nothing runs until `worker.start()`. */
export const createContext = (
  config: WorkerConfig,
  { logger, pid, now = Date.now, gatewayPatience }: Collaborators,
): Context => {
  const store = openStore(config.dbPath, {
    busyTimeoutMs: BUSY_TIMEOUT_MS,
    onError: err => logger.warn({ err }, 'could not look for commits; looking again'),
    ...webhookMessages({ publicUrl: config.publicUrl, logger }),
  })
  store.housekeeping.check()
  const client = new OllamaClient({
    url: config.ollamaUrl,
    token: config.ollamaToken,
    via: store.deployment,
    // The answers are read, checked and kept: packed ones would have to be unpacked first.
    headers: { 'Accept-Encoding': 'identity' },
  })
  const shared = { client, store, logger, now }
  const steady = () => performance.now()
  const worker = new Worker({
    store,
    logger,
    now,
    pid,
    run: {
      ...shared,
      jobTimeoutMs: config.jobTimeout,
      stallMs: config.stall,
      loadTimeoutMs: config.loadTimeout,
      maxAttempts: config.maxAttempts,
      jobTtlMs: config.jobTtl,
    },
    monitor: { ...shared, pollIntervalMs: config.pollInterval },
    embedder: new Embedder({ ...shared, model: config.embedModel }),
    jobCleaner: new JobCleaner(shared),
    gatewayWatch: { ...shared, steady, jobTtlMs: config.jobTtl, patience: gatewayPatience },
    courier: new Courier({
      ...shared,
      steady,
      random: Math.random,
      secrets: config.webhookSecret,
      deliver: deliverer({
        policy: destinationPolicy({ allow: config.webhookAllow }),
        ...(config.webhookCa !== undefined && { ca: config.webhookCa }),
      }),
    }),
    concurrency: config.concurrency,
    maxWaitMs: config.maxWait,
    graceMs: config.shutdownGrace,
  })
  return {
    store,
    worker,
    close: async () => {
      await worker.stop()
      store.close()
    },
  }
}
