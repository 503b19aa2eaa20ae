import { type Command, parseFlags } from './command-line.ts'
import { describeSettings } from './describe.ts'
import type { Environment } from './env-file.ts'
import { SettingError } from './errors.ts'
import type { Setting, SettingTable, SettingValues } from './setting.ts'

/**
 * Turns flags, environment and defaults into one typed object: a flag wins over its environment variable, that over
 * the default; an empty variable counts as unset.
 * Throws HelpShown for `--help` and SettingError, with a message of one line, for anything that cannot be used.
 */
export const readSettings = <const Table extends SettingTable>(
  table: Table,
  { env, ...command }: Command & { env: Environment },
): SettingValues<Table> => {
  const flags = parseFlags(table, command)
  const values: Record<string, unknown> = {}
  for (const row of describeSettings(table)) {
    const setting = table[row.key]!
    const [name, text] = flags.has(row.key)
      ? [row.flag, flags.get(row.key)]
      : [row.env, env[row.env] === '' ? undefined : env[row.env]]
    const given = text ?? row.default
    if (given === undefined && row.required) {
      throw new SettingError(`${row.env} is not set (nor ${row.flag}): it must be ${setting.allowed}`)
    }
    values[row.key] = given === undefined ? undefined : valueOf(setting, name, given)
  }
  return values as SettingValues<Table>
}

/** What the flags alone set, as environment variables: how a parent hands its flags down to its children. */
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
