import { canonicalModelName, isCloudModel } from '@foreman/ollama-client'
import { type ForemanSetting, type ForemanTable, setting, type SettingValues } from '@foreman/process'
import { sharedSettings } from '@foreman/process/shared-settings'
import type { Window } from '@foreman/scheduling'
import { readCertificates } from './webhooks/certificates.ts'
import { readTimeZone, readWindows } from './windows.ts'

export const workerSettings = {
  ...sharedSettings,
  concurrency: setting.integer({
    env: 'FOREMAN_CONCURRENCY',
    default: '1',
    min: 1,
    max: 256,
    describe: "How many jobs of one model run at the same time: the target's OLLAMA_NUM_PARALLEL",
  }),
  models: setting.integer({
    env: 'FOREMAN_MODELS',
    default: '1',
    min: 1,
    max: 256,
    describe: "How many models run jobs at the same time, of those in the target's memory",
  }),
  maxWait: setting.duration({
    env: 'FOREMAN_MAX_WAIT',
    default: '60s',
    describe: "A model's longest turn while jobs for another wait, unless four of its loads take longer",
  }),
  maxWaitLow: setting.duration({
    env: 'FOREMAN_MAX_WAIT_LOW',
    default: '10m',
    describe: 'How long a job of low priority waits before it counts as a normal one',
  }),
  fairHalflife: setting.duration({
    env: 'FOREMAN_FAIR_HALFLIFE',
    default: '5m',
    min: '0s',
    describe: 'Half of what a caller has used is forgotten after this time; 0: the order of arrival decides',
  }),
  windows: {
    env: 'FOREMAN_WINDOWS',
    default: '',
    describe: 'The hours in which jobs of a priority or of a model start; those of all others always do',
    allowed:
      'entries separated by commas, each a priority or model:name with days or hours, such as low 22:00-07:00, low sat sun, model:llama3.3:70b mon-fri 01:00-05:00',
    parse: readWindows,
  } satisfies ForemanSetting<readonly Window[]>,
  timezone: {
    env: 'FOREMAN_TIMEZONE',
    optional: true,
    describe: 'The time zone of FOREMAN_WINDOWS, if it is not that of the process',
    allowed: 'the IANA name of a time zone, such as Europe/Berlin',
    parse: readTimeZone,
  } satisfies ForemanSetting<string | undefined>,
  expect: setting.choice({
    env: 'FOREMAN_EXPECT',
    default: 'on',
    choices: ['on', 'off'],
    describe: 'Wait a moment for a caller who is likely to come back, before its model has to leave',
  }),
  history: setting.duration({
    env: 'FOREMAN_HISTORY',
    default: '30d',
    max: '3650d',
    describe: 'How long it is kept what happened: turns, minutes, operations',
  }),
  maxAttempts: setting.integer({
    env: 'FOREMAN_MAX_ATTEMPTS',
    default: '3',
    min: 1,
    max: 100,
    describe: 'How many attempts a job gets if attempts break off or the target is busy',
  }),
  jobTimeout: setting.duration({
    env: 'FOREMAN_JOB_TIMEOUT',
    default: '1h',
    describe: 'The longest attempt, from sending the request to the last byte of the answer',
  }),
  stall: setting.duration({
    env: 'FOREMAN_STALL',
    default: '10m',
    describe: 'The longest silence of the target inside an answer',
  }),
  loadTimeout: setting.duration({
    env: 'FOREMAN_LOAD_TIMEOUT',
    default: '15m',
    describe: 'The longest load of a model: the time before an answer while the model is not in memory',
  }),
  pollInterval: setting.duration({
    env: 'FOREMAN_POLL_INTERVAL',
    default: '30s',
    describe: 'How often the worker asks the target for its models',
  }),
  embedModel: {
    env: 'FOREMAN_EMBED_MODEL',
    optional: true,
    describe: "An embedding model that the worker keeps in the target's memory, if it fits there",
    allowed: 'the name of a model that runs on the target, such as embed or nomic-embed-text:v1.5',
    parse: text => (canonicalModelName(text) === undefined || isCloudModel(text) ? undefined : text),
  } satisfies ForemanSetting<string | undefined>,
  publicUrl: setting.url({
    env: 'FOREMAN_PUBLIC_URL',
    optional: true,
    describe: 'The URL under which receivers of webhooks reach foreman; links to long results begin with it',
  }),
  webhookCa: {
    env: 'FOREMAN_WEBHOOK_CA',
    optional: true,
    describe:
      'A PEM file of certificate authorities to trust besides the usual ones, for receivers of webhooks',
    allowed: 'the path of a file with PEM certificates',
    parse: readCertificates,
  } satisfies ForemanSetting<string | undefined>,
} satisfies ForemanTable

/** Durations are milliseconds. */
export type WorkerConfig = SettingValues<typeof workerSettings>
