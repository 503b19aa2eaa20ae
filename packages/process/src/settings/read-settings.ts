import { type Command, parseFlags } from './command-line.ts'
import { describeSettings } from './describe.ts'
import type { Environment } from './env-file.ts'
import { SettingError } from './errors.ts'
import type { Setting, SettingTable, SettingValues } from './setting.ts'

/**
 * Turns flags, environment and defaults into one typed object. A flag overrides its environment variable, which
 * overrides the default. An empty variable counts as unset.
 *
 * @throws HelpShown when the flags contain `--help`
 * @throws SettingError when a value is missing or not allowed; its message is one line
 * @example
 * const settings = {
 *   pollInterval: setting.duration({ env: 'X_POLL_INTERVAL', default: '30s', describe: 'How often to poll' }),
 * }
 * const { pollInterval } = readSettings(settings, {
 *   command: 'npm run x --',
 *   summary: 'Does x.',
 *   argv: process.argv.slice(2),
 *   env: process.env,
 * }) // milliseconds: 30_000, unless X_POLL_INTERVAL or --poll-interval says otherwise
 */
export const readSettings = <const Table extends SettingTable>(
  table: Table,
  { env: given, ...command }: Command & { readonly env: Environment | (() => Environment) },
): SettingValues<Table> => {
  const flags = parseFlags(table, command)
  // After the flags, so that `--help` works whatever is wrong with the environment.
  const env = typeof given === 'function' ? given() : given
  const values: Record<string, unknown> = {}
  for (const row of describeSettings(table)) {
    const setting = table[row.key]!
    const [name, text] = flags.has(row.key)
      ? [row.flag, flags.get(row.key)]
      : [row.env, env[row.env] === '' ? undefined : env[row.env]]
    const used = text ?? row.default
    if (used === undefined && row.required) {
      throw new SettingError(`${row.env} is not set (nor ${row.flag}): it must be ${setting.allowed}`)
    }
    values[row.key] = used === undefined ? undefined : valueOf(setting, name, used)
  }
  return values as SettingValues<Table>
}

/**
 * The given flags as environment variables, so that a process can pass its flags on to its children.
 *
 * @throws HelpShown when the flags contain `--help`
 * @throws SettingError when a flag is not in the table or has no value
 * @example
 * flagsAsEnvironment(settings, { ...command, argv: ['--poll-interval=2s'] }) // { X_POLL_INTERVAL: '2s' }
 */
export const flagsAsEnvironment = (table: SettingTable, command: Command): Record<string, string> =>
  Object.fromEntries([...parseFlags(table, command)].map(([key, text]) => [table[key]!.env, text]))

const valueOf = ({ parse, secret, show, allowed }: Setting<unknown>, name: string, text: string): unknown => {
  const value = parse(text)
  if (value !== undefined) return value
  const shown = show ? show(text) : text
  const repeated = secret
    ? 'a secret that cannot be used'
    : JSON.stringify(shown.length > 80 ? `${shown.slice(0, 80)}…` : shown)
  throw new SettingError(`${name} is ${repeated}: it must be ${allowed}`)
}
