import type { Setting } from './settings/setting.ts'

/**
 * The settings of the gateway, the worker and `npm start`. Each of these processes knows all of them, so that one `.env`
 * serves all, and refuses any other `FOREMAN_…` name. The tables of the settings may use these names only.
 */
export const FOREMAN_VARIABLES = [
  'FOREMAN_ADDR',
  'FOREMAN_BODY_MEMORY',
  'FOREMAN_CALLER_STALL',
  'FOREMAN_CONCURRENCY',
  'FOREMAN_DASHBOARD',
  'FOREMAN_DB_PATH',
  'FOREMAN_DOORS',
  'FOREMAN_EMBED_MODEL',
  'FOREMAN_EXPECT',
  'FOREMAN_FAIR_HALFLIFE',
  'FOREMAN_HEARTBEAT',
  'FOREMAN_HISTORY',
  'FOREMAN_HOLD',
  'FOREMAN_JOB_TIMEOUT',
  'FOREMAN_JOB_TTL',
  'FOREMAN_LOAD_TIMEOUT',
  'FOREMAN_LOG_LEVEL',
  'FOREMAN_MANAGEMENT',
  'FOREMAN_MAX_ATTEMPTS',
  'FOREMAN_MAX_BATCH',
  'FOREMAN_MAX_BODY',
  'FOREMAN_MAX_DB_SIZE',
  'FOREMAN_MAX_QUEUED',
  'FOREMAN_MAX_QUEUED_JOBS',
  'FOREMAN_MAX_WAIT',
  'FOREMAN_MAX_WAIT_LOW',
  'FOREMAN_METRICS',
  'FOREMAN_MIN_FREE',
  'FOREMAN_MODELS',
  'FOREMAN_OLLAMA_TOKEN',
  'FOREMAN_OLLAMA_URL',
  'FOREMAN_OPERATOR_TOKEN',
  'FOREMAN_ORIGINS',
  'FOREMAN_POLL_INTERVAL',
  'FOREMAN_PUBLIC_URL',
  'FOREMAN_REVEAL',
  'FOREMAN_SHARE_BY',
  'FOREMAN_SHOW_WAIT',
  'FOREMAN_SHUTDOWN_GRACE',
  'FOREMAN_STALL',
  'FOREMAN_SYNC_TTL',
  'FOREMAN_TIMEZONE',
  'FOREMAN_TOKEN',
  'FOREMAN_TOKENS',
  'FOREMAN_TRUST_PROXY',
  'FOREMAN_VIEWER_TOKEN',
  'FOREMAN_WEBHOOK_ALLOW',
  'FOREMAN_WEBHOOK_CA',
  'FOREMAN_WEBHOOK_SECRET',
  'FOREMAN_WINDOWS',
] as const

export type ForemanVariable = (typeof FOREMAN_VARIABLES)[number]

/** A setting of foreman, whose name every process of foreman knows. */
export type ForemanSetting<Value> = Setting<Value> & { readonly env: ForemanVariable }

/** A table of settings of foreman. */
export type ForemanTable = Readonly<Record<string, ForemanSetting<unknown>>>
