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
  given: Given,
): SettingValues<Table> => readAndShow(table, given).values

type Given = Command & { readonly env: Environment | (() => Environment) }

/** A setting as it is in force, for people. */
export interface ShownSetting {
  /** The environment variable. */
  readonly name: string
  /** Whether somebody has given it a value. Otherwise its default is in force, or it has none. */
  readonly isSet: boolean
  readonly isSecret: boolean
  /** As a user would type it. Undefined: it has none, or must not be shown. */
  readonly text: string | undefined
}

/**
 * As `readSettings`, with what may be shown of them, in the order of the table.
 *
 * @throws HelpShown when the flags contain `--help`
 * @throws SettingError when a value is missing or not allowed; its message is one line
 */
export const readAndShow = <const Table extends SettingTable>(
  table: Table,
  { env: given, ...command }: Given,
): { readonly values: SettingValues<Table>; readonly shown: readonly ShownSetting[] } => {
  const flags = parseFlags(table, command)
  // After the flags, so that `--help` works whatever is wrong with the environment.
  const env = typeof given === 'function' ? given() : given
  const values: Record<string, unknown> = {}
  const shown: ShownSetting[] = []
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
    shown.push({
      name: row.env,
      isSet: text !== undefined,
      isSecret: row.secret,
      text: used === undefined || used === '' || row.secret ? undefined : textOf(setting, used),
    })
  }
  return { values: values as SettingValues<Table>, shown }
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

const textOf = ({ show }: Setting<unknown>, text: string): string => (show ? show(text) : text)

const valueOf = (setting: Setting<unknown>, name: string, text: string): unknown => {
  const { parse, secret, allowed } = setting
  const value = parse(text)
  if (value !== undefined) return value
  const shown = textOf(setting, text)
  const repeated = secret
    ? 'a secret that cannot be used'
    : JSON.stringify(shown.length > 80 ? `${shown.slice(0, 80)}…` : shown)
  throw new SettingError(`${name} is ${repeated}: it must be ${allowed}`)
}
