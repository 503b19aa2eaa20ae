import { type Setting, setting, type SettingTable, type SettingValues } from '@foreman/process'
import { sharedSettings } from '@foreman/process/shared-settings'
import { readCertificates } from './webhooks/certificates.ts'

export const workerSettings = {
  ...sharedSettings,
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
  webhookCa: {
    env: 'FOREMAN_WEBHOOK_CA',
    optional: true,
    describe: 'A PEM file of authorities to trust besides the usual ones, for receivers of webhooks',
    allowed: 'the path of a file with PEM certificates',
    parse: readCertificates,
  } satisfies Setting<string | undefined>,
} satisfies SettingTable

/** Durations are milliseconds. */
export type WorkerConfig = SettingValues<typeof workerSettings>
