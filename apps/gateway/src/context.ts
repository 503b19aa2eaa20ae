import { webhookMessages } from '@foreman/job-view'
import { OllamaClient } from '@foreman/ollama-client'
import { OwnFiguresReader, type ShownSetting } from '@foreman/process'
import type { Logger } from '@foreman/process/logger'
import { printsOfShared } from '@foreman/process/shared-settings'
import { GATEWAY_HEARTBEAT_MS, openStore, type Store } from '@foreman/store'
import { destinationPolicy } from '@foreman/webhooks'
import manifest from '../package.json' with { type: 'json' }
import { ANYBODY, identitiesOf, type Identity, submittersOf } from './access/identities.ts'
import type { OriginPolicy } from './access/origins.ts'
import type { DashboardAccess } from './access/own-page.ts'
import type { Reveal } from './access/roles.ts'
import type { Sharing } from './access/sender.ts'
import type { ShowWaitOfCaller } from './access/show-wait.ts'
import type { Management } from './access/target-rules.ts'
import type { Patience } from './answer/follow-options.ts'
import { LogFollowers } from './answer/log-followers.ts'
import { Operations } from './bulk/operations.ts'
import { Target } from './direct/target.ts'
import { Forecaster } from './forecast/forecaster.ts'
import { observer } from './health/observe.ts'
import type { Observed } from './health/reasons.ts'
import { BodyMemory } from './http/body-memory.ts'
import { RequestCounts } from './http/request-counts.ts'
import { Admission } from './intake/admission.ts'
import { Closure } from './intake/closure.ts'
import { DiskSpace } from './intake/disk-space.ts'
import { Intake } from './intake/intake.ts'
import { Presence } from './intake/presence.ts'
import { QueueLimit } from './intake/queue-limit.ts'
import { StoreFaults } from './intake/store-faults.ts'
import { WaitingCallers } from './intake/waiting-callers.ts'
import { Looks } from './jobs/looks.ts'
import { JobPresenter } from './jobs/presenter.ts'
import type { MetricsAccess } from './overview/metrics/route.ts'
import { Overview } from './overview/overview.ts'
import type { GatewayConfig } from './settings.ts'

export interface Collaborators {
  readonly logger: Logger
  /** Default: the clock of the store. */
  readonly now?: () => number
  /** How often the gateway tells the worker that it is there. Default: GATEWAY_HEARTBEAT_MS. */
  readonly heartbeatMs?: number
  /** What may be shown of the settings. Default: nothing. */
  readonly shownSettings?: readonly ShownSetting[]
  /** Default: `openStore` of @foreman/store. */
  readonly openStore?: typeof openStore
}

/** All that the routes of the gateway use. Each route names what it takes: `Pick<Context, …>`. */
export interface Context {
  readonly store: Store
  /** The name of this deployment in `Via`. */
  readonly deployment: string
  readonly target: Target
  readonly intake: Intake
  readonly closure: Closure
  readonly admission: Admission
  readonly presenter: JobPresenter
  readonly overview: Overview
  readonly forecaster: Forecaster
  readonly followers: LogFollowers
  readonly waitingCallers: WaitingCallers
  readonly requestCounts: RequestCounts
  readonly presence: Presence
  readonly operations: Operations
  readonly logger: Logger
  readonly now: () => number
  /** What /healthz and /readyz are computed from. */
  readonly observe: () => Promise<Observed>

  readonly identities: readonly Identity[]
  readonly sharing: Sharing
  readonly showWait: readonly ShowWaitOfCaller[]
  readonly origins: OriginPolicy
  readonly management: Management
  readonly metrics: MetricsAccess
  readonly dashboard: DashboardAccess
  readonly patience: Patience
  readonly bodyMemory: BodyMemory
  readonly maxBodyBytes: number
  readonly maxBatchBytes: number
  readonly jobTtlMs: number
  /** Whether operators see the content of jobs that are not their own. */
  readonly reveal: Reveal
  readonly syncTtlMs: number

  /** Whether the gateway has begun to stop. */
  readonly isStopping: () => boolean
  /** Aborts when the gateway begins to stop: those who follow a job and can come again are disconnected. */
  readonly stopping: AbortSignal
  readonly beginStop: () => void
  /** Aborts when the grace period of a stop is over: callers that still wait are told so. */
  readonly cutOff: AbortSignal
  readonly cutOffCallers: () => void
}

/**
 * Opens the queue, and builds every collaborator once.
 *
 * @throws StoreUnusableError when the queue cannot be used
 */
export const createContext = async (
  config: GatewayConfig,
  collaborators: Collaborators,
): Promise<Context> => {
  const { logger, openStore: open = openStore } = collaborators
  const store = await open(config.dbPath, {
    role: 'gateway',
    onError: err => logger.warn({ err }, 'could not look for changes of the queue; looking again'),
    ...webhookMessages({ logger }),
  })
  try {
    return buildContext(config, store, collaborators)
  } catch (error) {
    await store.close()
    throw error
  }
}

const buildContext = (config: GatewayConfig, store: Store, collaborators: Collaborators): Context => {
  const {
    logger,
    now = () => store.now(),
    heartbeatMs = GATEWAY_HEARTBEAT_MS,
    shownSettings = [],
  } = collaborators
  const client = new OllamaClient({
    url: config.ollamaUrl,
    token: config.ollamaToken,
    via: store.deployment,
    // For callers who do not say what they can unpack.
    headers: { 'Accept-Encoding': 'identity' },
  })
  const target = new Target({ client, store, logger, now })
  const diskSpace = new DiskSpace({
    state: () => store.state(),
    minFreeBytes: config.minFree,
    maxDbBytes: config.maxDbSize,
  })
  const storeFaults = new StoreFaults({ state: () => store.state(), logger })
  const queueLimit = new QueueLimit({
    limit: config.maxQueuedJobs,
    count: () => store.records.queued(),
    now,
  })
  const closure = new Closure({ store, now })
  const forecaster = new Forecaster(store, now)
  const requestCounts = new RequestCounts()
  const waitingCallers = new WaitingCallers(config.maxQueued)
  const own = new OwnFiguresReader()
  const prints = printsOfShared(config, store.deployment)
  const presence = new Presence({
    store,
    logger,
    heartbeatMs,
    now,
    figures: () => ({ version: manifest.version, settings: prints, ...own.read() }),
  })
  const identities = identitiesOf(config)
  const stopping = new AbortController()
  const cutOff = new AbortController()
  const isStopping = () => stopping.signal.aborted
  const observe = observer({ store, diskSpace, isStopping, logger, now })
  return {
    store,
    deployment: store.deployment,
    target,
    closure,
    intake: new Intake({ store, closure, diskSpace, storeFaults, queueLimit, gateway: presence.id, now }),
    admission: new Admission({
      store,
      target,
      policy: destinationPolicy({ allow: config.webhookAllow }),
      hasWebhookSecret: config.webhookSecret.length > 0,
    }),
    presenter: new JobPresenter({
      store,
      forecaster,
      reveal: config.reveal,
      looks: new Looks({ store, logger, hasTokens: identities.length > 0, now }),
      logger,
      jobTtlMs: config.jobTtl,
      stallMs: config.callerStall,
      now,
    }),
    overview: new Overview({
      location: config.dbPath,
      observe,
      hasTokens: identities.length > 0,
      callers: identities.length > 0 ? submittersOf(identities) : [ANYBODY.caller],
      requestCounts,
      waitingCallers,
      minFreeBytes: config.minFree,
      system: { settings: shownSettings, prints, targetUrl: config.ollamaUrl },
      logger,
      now,
    }),
    forecaster,
    followers: new LogFollowers({ store, logger }),
    requestCounts,
    waitingCallers,
    presence,
    operations: new Operations({ store, gateway: presence.id, stopping: stopping.signal, logger, now }),
    logger,
    now,
    observe,
    identities,
    sharing: {
      by: config.shareBy,
      trustProxy: config.trustProxy === 'on',
      hasTokens: identities.length > 0,
    },
    showWait: config.showWait,
    origins: config.origins,
    management: config.management,
    metrics: config.metrics,
    dashboard: config.dashboard,
    patience: { heartbeatMs: config.heartbeat, holdMs: config.hold, stallMs: config.callerStall },
    bodyMemory: new BodyMemory(config.bodyMemory),
    maxBodyBytes: config.maxBody,
    maxBatchBytes: config.maxBatch,
    jobTtlMs: config.jobTtl,
    reveal: config.reveal,
    syncTtlMs: config.syncTtl,
    isStopping,
    stopping: stopping.signal,
    beginStop: () => stopping.abort(),
    cutOff: cutOff.signal,
    cutOffCallers: () => cutOff.abort(),
  }
}
