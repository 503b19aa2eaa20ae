import { type AllowList, parseAllowList, parseSecrets } from '@foreman/webhooks'
import { createHash } from 'node:crypto'
import type { ForemanSetting, ForemanTable } from './known-variables.ts'
import { setting, type SettingValues } from './settings/setting.ts'

/** The log levels, from the one that logs most. */
export const logLevels = ['trace', 'debug', 'info', 'warn', 'error', 'fatal'] as const

export type LogLevel = (typeof logLevels)[number]

/** The settings that a gateway and a worker on one queue must be given the same values of. Both tables spread them. */
export const sharedSettings = {
  ollamaUrl: setting.url({
    env: 'FOREMAN_OLLAMA_URL',
    describe: 'The Ollama server that runs the jobs: the target',
  }),
  ollamaToken: setting.token({
    env: 'FOREMAN_OLLAMA_TOKEN',
    optional: true,
    secret: true,
    describe: 'Sent to the target as a bearer token',
  }),
  dbPath: setting.text({
    env: 'FOREMAN_DB_PATH',
    default: 'foreman.db',
    describe: 'The queue: one file, the same for gateway and worker',
  }),
  webhookSecret: {
    env: 'FOREMAN_WEBHOOK_SECRET',
    default: '',
    secret: true,
    describe: 'The secrets that sign webhooks, separated by spaces; a webhook is signed with each of them',
    allowed: 'secrets separated by spaces, each whsec_ and base64 or any other text, without quotes',
    parse: parseSecrets,
  } satisfies ForemanSetting<readonly string[]>,
  webhookAllow: {
    env: 'FOREMAN_WEBHOOK_ALLOW',
    default: '',
    describe:
      'Private destinations that webhooks may go to: host names and addresses, with a port or without, and CIDRs',
    allowed:
      'host names, addresses and CIDRs separated by commas, such as hooks.internal:8443,[::1]:9000,10.1.0.0/16',
    parse: parseAllowList,
  } satisfies ForemanSetting<AllowList>,
  jobTtl: setting.duration({
    env: 'FOREMAN_JOB_TTL',
    default: '24h',
    max: '8760h',
    describe: 'How long a job is kept after its end',
  }),
  shutdownGrace: setting.duration({
    env: 'FOREMAN_SHUTDOWN_GRACE',
    default: '30s',
    min: '0s',
    describe: 'How long a stopping process waits for running requests and jobs',
  }),
  logLevel: setting.choice({
    env: 'FOREMAN_LOG_LEVEL',
    default: 'info',
    choices: logLevels,
    describe: 'The lowest level that is logged',
  }),
} satisfies ForemanTable

/** Characters of each print: two values have the same once in 260,000 times, and nobody can tell a value from it. */
const PRINT_LENGTH = 3

/**
 * A text by which two processes on a queue see whether they share the settings that they must, and which of them they do not: of
 * each setting its name and a few characters of a hash of its value. That is too little to find a secret with, and enough to
 * tell two apart. The path of the queue is left out: two paths may lead to one file.
 *
 * @param deployment the name of the queue, so that two queues with the same secrets have nothing in common
 * @example 'FOREMAN_JOB_TTL=x1f FOREMAN_LOG_LEVEL=q0_ …'
 */
export const printsOfShared = (values: SettingValues<typeof sharedSettings>, deployment: string): string => {
  const keys = Object.keys(sharedSettings).filter(key => key !== 'dbPath') as (keyof typeof sharedSettings)[]
  return keys
    .map(key => [sharedSettings[key].env, values[key]] as const)
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([env, value]) => `${env}=${printOf([deployment, env, value])}`)
    .join(' ')
}

const printOf = (value: unknown): string =>
  createHash('sha256').update(JSON.stringify(value)).digest('base64url').slice(0, PRINT_LENGTH)

/** The names of the settings that two processes should share and do not. One that another version does not know is none. */
export const differingSettings = (prints: string, others: string): string[] => {
  const known = new Map(parsePrints(others))
  return parsePrints(prints).flatMap(([name, print]) => {
    const other = known.get(name)
    return other === undefined || other === print ? [] : name
  })
}

const parsePrints = (prints: string): [name: string, print: string][] =>
  prints.split(' ').flatMap(each => {
    const [name, print] = each.split('=')
    return name !== undefined && print !== undefined ? [[name, print]] : []
  })
