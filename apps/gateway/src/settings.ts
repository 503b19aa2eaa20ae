import { type Setting, setting, type SettingTable, type SettingValues } from '@foreman/process'
import { sharedSettings } from '@foreman/process/shared-settings'
import { type Caller, parseCallers } from './access/callers.ts'
import { type OriginPolicy, originPolicy } from './access/origins.ts'

export const gatewaySettings = {
  ...sharedSettings,
  addr: setting.address({ env: 'FOREMAN_ADDR', default: ':8080', describe: 'Where to listen' }),
  token: setting.text({
    env: 'FOREMAN_TOKEN',
    optional: true,
    secret: true,
    describe: 'What callers must send as a bearer token (or x-api-key)',
  }),
  tokens: {
    env: 'FOREMAN_TOKENS',
    default: '',
    secret: true,
    describe: 'More callers, each with a name and a token of its own, who see only their own jobs',
    allowed: 'name:token entries separated by commas, each name and token once',
    parse: parseCallers,
  } satisfies Setting<readonly Caller[]>,
  management: setting.choice({
    env: 'FOREMAN_MANAGEMENT',
    default: 'on',
    choices: ['on', 'off'],
    describe: 'Whether callers may pull, push, create, copy and delete models',
  }),
  maxBody: setting.size({
    env: 'FOREMAN_MAX_BODY',
    default: '100MB',
    min: '1KB',
    max: '900MB',
    describe: 'The largest request that becomes a job',
  }),
  maxQueued: setting.integer({
    env: 'FOREMAN_MAX_QUEUED',
    default: '10000',
    min: 1,
    describe: 'Callers that may wait on a connection for their jobs to begin',
  }),
  maxQueuedJobs: setting.integer({
    env: 'FOREMAN_MAX_QUEUED_JOBS',
    default: '1000000',
    min: 1,
    describe: 'Jobs that may wait before no more work is handed over',
  }),
  maxBatch: setting.size({
    env: 'FOREMAN_MAX_BATCH',
    default: '32MB',
    min: '1KB',
    max: '900MB',
    describe: 'The largest batch of jobs: other writes wait while it is written',
  }),
  heartbeat: setting.duration({
    env: 'FOREMAN_HEARTBEAT',
    default: '10s',
    describe: 'How often a caller of a stream hears from foreman while there is nothing to say',
  }),
  hold: setting.duration({
    env: 'FOREMAN_HOLD',
    default: '240s',
    describe: 'How long a caller of a whole answer waits for its status',
  }),
  callerStall: setting.duration({
    env: 'FOREMAN_CALLER_STALL',
    default: '10m',
    describe: 'After how long a caller that takes nothing is dropped',
  }),
  origins: {
    env: 'FOREMAN_ORIGINS',
    default: '',
    describe: 'Origins of web pages that may call, besides those of this machine',
    allowed: 'origins separated by commas, each with one * at the most',
    parse: originPolicy,
  } satisfies Setting<OriginPolicy>,
  minFree: setting.size({
    env: 'FOREMAN_MIN_FREE',
    default: '512MB',
    describe: 'Below this much free disk no job is taken',
  }),
  maxDbSize: setting.size({
    env: 'FOREMAN_MAX_DB_SIZE',
    optional: true,
    describe: 'Above this much in the queue no job is taken',
  }),
  syncTtl: setting.duration({
    env: 'FOREMAN_SYNC_TTL',
    default: '10m',
    min: '0s',
    max: '8760h',
    describe: "How long a job's bytes are kept once its caller has them",
  }),
} satisfies SettingTable

/** Durations are milliseconds, sizes bytes. */
export type GatewayConfig = SettingValues<typeof gatewaySettings>
