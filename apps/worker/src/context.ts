import { webhookBody } from '@foreman/job-view'
import { OllamaClient } from '@foreman/ollama-client'
import { openStore, type Store } from '@foreman/store'
import { deliverer, destinationPolicy } from '@foreman/webhooks'
import type { Logger } from './logger.ts'
import type { WorkerConfig } from './settings.ts'
import { Embedder } from './target/embedder.ts'
import { JobCleaner } from './upkeep/job-cleaner.ts'
import { Courier } from './webhooks/courier.ts'
import { Worker } from './worker.ts'

/** A worker's write may wait this long for another process's: it has nothing better to do. */
const BUSY_TIMEOUT_MS = 5_000

export interface Context {
  readonly store: Store
  readonly worker: Worker
  close(): Promise<void>
}

/** Builds every collaborator once. */
export const createContext = (
  config: WorkerConfig,
  { logger, pid, now = Date.now }: { logger: Logger; pid: number; now?: () => number },
): Context => {
  const store = openStore(config.dbPath, {
    busyTimeoutMs: BUSY_TIMEOUT_MS,
    compose: webhookBody(config.publicUrl),
  })
  store.housekeeping.check()
  const client = new OllamaClient({
    url: config.ollamaUrl,
    ...(config.ollamaToken ? { token: config.ollamaToken } : {}),
  })
  const shared = { client, store, logger, now }
  const worker = new Worker({
    store,
    logger,
    now,
    pid,
    run: {
      ...shared,
      jobTimeoutMs: config.jobTimeout,
      stallMs: config.stall,
      maxAttempts: config.maxAttempts,
      jobTtlMs: config.jobTtl,
    },
    monitor: { ...shared, pollIntervalMs: config.pollInterval },
    embedder: new Embedder({ ...shared, model: config.embedModel }),
    jobCleaner: new JobCleaner(shared),
    courier: new Courier({
      ...shared,
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
