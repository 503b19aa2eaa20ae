import { type Setting, setting, type SettingTable, type SettingValues } from '@foreman/process'
import { type AllowList, parseAllowList, parseSecrets } from '@foreman/webhooks'
import { readCertificates } from './webhooks/certificates.ts'

export const workerSettings = {
  ollamaUrl: setting.url({ env: 'FOREMAN_OLLAMA_URL', describe: 'The Ollama server to work for' }),
  ollamaToken: setting.text({
    env: 'FOREMAN_OLLAMA_TOKEN',
    optional: true,
    secret: true,
    describe: 'Sent to the target as a bearer token',
  }),
  dbPath: setting.text({
    env: 'FOREMAN_DB_PATH',
    default: 'foreman.db',
    describe: 'The queue: one SQLite file, the same for gateway and worker',
  }),
  concurrency: setting.integer({
    env: 'FOREMAN_CONCURRENCY',
    default: '1',
    min: 1,
    max: 256,
    describe: "Jobs of one model in flight together (the target's OLLAMA_NUM_PARALLEL)",
  }),
  maxWait: setting.duration({
    env: 'FOREMAN_MAX_WAIT',
    default: '60s',
    describe: "A model's longest turn while jobs for another model wait",
  }),
  maxAttempts: setting.integer({
    env: 'FOREMAN_MAX_ATTEMPTS',
    default: '3',
    min: 1,
    max: 100,
    describe: 'Attempts at a job that breaks off or meets a busy target',
  }),
  jobTimeout: setting.duration({
    env: 'FOREMAN_JOB_TIMEOUT',
    default: '1h',
    describe: 'The longest attempt, from sending the request to the last byte',
  }),
  stall: setting.duration({
    env: 'FOREMAN_STALL',
    default: '10m',
    describe: 'The longest silence inside an answer that has begun',
  }),
  pollInterval: setting.duration({
    env: 'FOREMAN_POLL_INTERVAL',
    default: '30s',
    describe: "How often the target's models are listed",
  }),
  embedModel: setting.text({
    env: 'FOREMAN_EMBED_MODEL',
    optional: true,
    describe: 'An embedding model to keep in memory beside the working one',
  }),
  publicUrl: setting.url({
    env: 'FOREMAN_PUBLIC_URL',
    optional: true,
    describe: 'What receivers of webhooks know foreman by: begins the links to long results',
  }),
  webhookSecret: {
    env: 'FOREMAN_WEBHOOK_SECRET',
    default: '',
    secret: true,
    describe: 'Signs webhooks; several, separated by spaces, sign together',
    allowed: 'secrets separated by spaces, each whsec_ and base64 or any other text',
    parse: parseSecrets,
  } satisfies Setting<readonly string[]>,
  webhookAllow: {
    env: 'FOREMAN_WEBHOOK_ALLOW',
    default: '',
    describe: 'Private destinations that webhooks may go to: host names, addresses, CIDRs',
    allowed: 'host names, addresses and CIDRs separated by commas',
    parse: parseAllowList,
  } satisfies Setting<AllowList>,
  webhookCa: {
    env: 'FOREMAN_WEBHOOK_CA',
    optional: true,
    describe: 'A PEM file of authorities to trust besides the usual ones, for receivers of webhooks',
    allowed: 'the path of a file with PEM certificates',
    parse: readCertificates,
  } satisfies Setting<string | undefined>,
  jobTtl: setting.duration({
    env: 'FOREMAN_JOB_TTL',
    default: '24h',
    max: '8760h',
    describe: 'How long an ended job is kept',
  }),
  shutdownGrace: setting.duration({
    env: 'FOREMAN_SHUTDOWN_GRACE',
    default: '30s',
    min: '0s',
    describe: 'How long a stopping process waits for what is running',
  }),
  logLevel: setting.choice({
    env: 'FOREMAN_LOG_LEVEL',
    default: 'info',
    choices: ['trace', 'debug', 'info', 'warn', 'error', 'fatal'],
    describe: 'The least level that is logged',
  }),
} satisfies SettingTable

/** Durations are milliseconds. */
export type WorkerConfig = SettingValues<typeof workerSettings>
