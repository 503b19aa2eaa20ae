import { FOREMAN_VARIABLES } from './known-variables.ts'
import { type Environment, withEnvFile } from './settings/env-file.ts'
import { SettingError } from './settings/errors.ts'
import type { SettingTable } from './settings/setting.ts'
import { spellingDistance } from './settings/spelling-distance.ts'

/** The prefixes of the simulated Ollama, of `npm run webhook-tail`, of the benchmarks, of the demonstration, and of the tests. */
const TOOLS = ['FOREMAN_SIM_', 'FOREMAN_TAIL_', 'FOREMAN_BENCH_', 'FOREMAN_DEMO_', 'FOREMAN_SOAK']
/** Says to the command which foreman it is to ask. The processes do without. */
const OF_THE_COMMAND = 'FOREMAN_URL'
/** Kubernetes sets variables for each service. If a service is called `foreman` or `foreman-…`, they begin so. */
const OF_KUBERNETES = /^FOREMAN_(?:\w+_)?(?:SERVICE_(?:HOST|PORT(?:_\w+)?)|PORT_\d+_\w+)$/
const URL_OF_KUBERNETES = /^(?:tcp|udp|sctp):\/\//
/** Two slips of the pen. No other program has a name so like one of foreman's. */
const SLIPS = 2

/**
 * The environment and `.env`, for a process of foreman.
 *
 * @param table the settings of the process
 * @throws SettingError when `.env` cannot be read, or when a name looks like a setting of foreman and is none
 * @example
 * const config = readSettings(settings, { ...command, env: () => foremanEnvironment(process.env, settings) })
 */
export const foremanEnvironment = (env: Environment, table: SettingTable): Environment => {
  const all = withEnvFile(env)
  ensureKnown(all, table)
  return all
}

/**
 * A misspelt setting would do nothing, without a word. A variable that is set to nothing counts as unset.
 *
 * @throws SettingError when a name looks like a setting of foreman and is none
 */
export const ensureKnown = (env: Environment, table: SettingTable): void => {
  const own = Object.values(table).map(setting => setting.env)
  const known = new Set<string>([...FOREMAN_VARIABLES, OF_THE_COMMAND, ...own])
  // Each tool refuses its own misspelt names, and leaves those of others alone.
  const others = TOOLS.filter(prefix => !own.some(name => name.startsWith(prefix)))
  for (const [name, value = ''] of Object.entries(env)) {
    if (value === '' || known.has(name) || others.some(prefix => name.startsWith(prefix))) continue
    if (OF_KUBERNETES.test(name) || (name.endsWith('_PORT') && URL_OF_KUBERNETES.test(value))) continue
    if (name === 'FOREMAN_PORT')
      throw new SettingError(
        'FOREMAN_PORT is a setting of compose.yaml alone: set FOREMAN_ADDR, such as :8080, or set FOREMAN_PORT to nothing',
      )
    const nearest = nearestOf([...known], name, /^foreman_/i.test(name) ? Infinity : SLIPS)
    if (nearest !== undefined)
      throw new SettingError(
        `${JSON.stringify(name.slice(0, 80)).slice(1, -1)} is no setting; the nearest one is ${nearest}`,
      )
  }
}

/** @returns undefined when no name is within `most` slips of the given one */
const nearestOf = (names: readonly string[], given: string, most: number): string | undefined => {
  const like = given.toUpperCase().slice(0, 80)
  let [nearest, least] = [undefined as string | undefined, most + 1]
  for (const name of names) {
    // Two words are at least as far apart as their lengths.
    if (Math.abs(name.length - like.length) >= least) continue
    const slips = spellingDistance(name, like)
    if (slips < least) [nearest, least] = [name, slips]
  }
  return nearest
}
