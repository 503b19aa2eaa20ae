import { webhookBody } from '@foreman/job-view'
import { OllamaClient } from '@foreman/ollama-client'
import { openStore } from '@foreman/store'
import { destinationPolicy } from '@foreman/webhooks'
import { callersOf } from './access/callers.ts'
import { isLoopback } from './access/loopback.ts'
import { Followers } from './answer/log-followers.ts'
import { createApp } from './app.ts'
import { Target } from './direct/target.ts'
import { Gateway } from './gateway.ts'
import type { Observed } from './health/reasons.ts'
import { listen } from './http/server.ts'
import { Admission } from './intake/admission.ts'
import { DiskSpace } from './intake/disk-space.ts'
import { Intake } from './intake/intake.ts'
import { LockTest } from './intake/lock-test.ts'
import { QueueLimit } from './intake/queue-limit.ts'
import { WaitingCallers } from './intake/waiting-callers.ts'
import { JobViewer } from './jobs/viewer.ts'
import type { Logger } from './logger.ts'
import type { GatewayConfig } from './settings.ts'

/** While one request's write waits for another process, all the others wait too. */
const BUSY_TIMEOUT_MS = 5

/** Builds every collaborator once, and listens. */
export const startGateway = async (
  config: GatewayConfig,
  { logger, now = Date.now }: { logger: Logger; now?: () => number },
): Promise<Gateway> => {
  const store = openStore(config.dbPath, { busyTimeoutMs: BUSY_TIMEOUT_MS, compose: webhookBody() })
  const client = new OllamaClient({
    url: config.ollamaUrl,
    ...(config.ollamaToken ? { token: config.ollamaToken } : {}),
  })
  const target = new Target({ client, store, logger, now })
  const diskSpace = new DiskSpace({
    file: store.file,
    usedBytes: () => store.housekeeping.usedBytes(),
    minFreeBytes: config.minFree,
    maxDbBytes: config.maxDbSize,
    now,
  })
  const lockTest = new LockTest({ store, now })
  const stopping = new AbortController()
  const cutOff = new AbortController()
  const observe = (): Observed => ({
    worker: store.workers.active(),
    target: store.target.read(),
    lackOfRoom: diskSpace.lack,
    locksAreBroken: lockTest.isBroken,
    isWritable: store.housekeeping.canWrite(),
    isStopping: stopping.signal.aborted,
    now: now(),
  })
  const callers = callersOf(config.token, config.tokens)
  const queueLimit = new QueueLimit({ limit: config.maxQueuedJobs, count: () => store.records.queued(), now })
  const intake = new Intake({ store, diskSpace, queueLimit, lockTest, now })
  const viewer = new JobViewer({ store, isShared: callers.length > 1, jobTtlMs: config.jobTtl, now })
  const following = {
    store,
    followers: new Followers(store),
    patience: { heartbeatMs: config.heartbeat, holdMs: config.hold, stallMs: config.callerStall },
    cutOff: cutOff.signal,
  }
  const app = createApp({
    callers,
    logger,
    observe,
    isStopping: () => stopping.signal.aborted,
    browsers: { origins: config.origins, checksHost: isLoopback(config.addr.host) },
    jobs: {
      ...following,
      intake,
      viewer,
      now,
      admission: new Admission({
        store,
        target,
        policy: destinationPolicy({ allow: config.webhookAllow }),
        hasWebhookSecret: config.webhookSecret.length > 0,
      }),
      maxBodyBytes: config.maxBody,
      maxBatchBytes: config.maxBatch,
      jobTtlMs: config.jobTtl,
    },
    inference: {
      ...following,
      target,
      intake,
      viewer,
      logger,
      now,
      waitingCallers: new WaitingCallers(config.maxQueued),
      maxBodyBytes: config.maxBody,
      jobTtlMs: config.jobTtl,
      syncTtlMs: config.syncTtl,
    },
    direct: { target, store, management: config.management, now },
  })
  try {
    const server = await listen(app, config.addr)
    return new Gateway({ server, store, logger, lockTest, graceMs: config.shutdownGrace, cutOff, stopping })
  } catch (error) {
    store.close()
    throw error
  }
}
