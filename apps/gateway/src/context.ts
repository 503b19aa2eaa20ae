import { OllamaClient } from '@foreman/ollama-client'
import { openStore } from '@foreman/store'
import { createApp } from './app.ts'
import { Followers } from './followers.ts'
import { Gateway } from './gateway.ts'
import type { Observed } from './health.ts'
import { LockTest } from './lock-test.ts'
import type { Logger } from './logger.ts'
import { isLoopback } from './loopback.ts'
import { Room } from './room.ts'
import { listen } from './server.ts'
import type { GatewayConfig } from './settings.ts'
import { Target } from './target.ts'
import { WaitingRoom } from './waiting-room.ts'

/** While one request's write waits for another process, all the others wait too. */
const BUSY_TIMEOUT_MS = 5

/** Builds every collaborator once, and listens. */
export const startGateway = async (
  config: GatewayConfig,
  { logger, now = Date.now }: { logger: Logger; now?: () => number },
): Promise<Gateway> => {
  const store = openStore(config.dbPath, { busyTimeoutMs: BUSY_TIMEOUT_MS })
  const client = new OllamaClient({
    url: config.ollamaUrl,
    ...(config.ollamaToken ? { token: config.ollamaToken } : {}),
  })
  const target = new Target({ client, store, logger, now })
  const room = new Room({ store, minFreeBytes: config.minFree, maxDbBytes: config.maxDbSize, now })
  const lockTest = new LockTest(store, now)
  const stopping = new AbortController()
  const cutOff = new AbortController()
  const observe = (): Observed => ({
    worker: store.presence.activeWorker(),
    target: store.presence.target(),
    lackOfRoom: room.lack,
    locksAreBroken: lockTest.isBroken,
    isWritable: store.housekeeping.canWrite(),
    isStopping: stopping.signal.aborted,
    now: now(),
  })
  const app = createApp({
    token: config.token,
    logger,
    observe,
    isStopping: () => stopping.signal.aborted,
    browsers: { origins: config.origins, checksHost: isLoopback(config.addr.host) },
    inference: {
      store,
      target,
      room,
      logger,
      now,
      followers: new Followers(store),
      waitingRoom: new WaitingRoom(config.maxQueued),
      patience: { heartbeatMs: config.heartbeat, holdMs: config.hold, stallMs: config.callerStall },
      maxBodyBytes: config.maxBody,
      jobTtlMs: config.jobTtl,
      syncTtlMs: config.syncTtl,
      cutOff: cutOff.signal,
      demandWorkingLocks: lockTest.demand,
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
