import type { SettingTable } from './setting.ts'

/** What `--help`, the documentation and an example env file say about one setting. */
export interface SettingRow {
  readonly key: string
  /** With its dashes: `--poll-interval`. */
  readonly flag: string
  readonly env: string
  /** The text that a user would type; undefined when the setting has no default. */
  readonly default: string | undefined
  readonly describe: string
  readonly secret: boolean
  /** The setting has no default and is not optional. */
  readonly required: boolean
}

/**
 * One row for each setting, in the order of the table.
 *
 * @example
 * for (const { env, flag, describe } of describeSettings(settings)) console.log(env, flag, describe)
 */
export const describeSettings = (table: SettingTable): SettingRow[] =>
  Object.entries(table).map(([key, { env, describe, secret, optional, default: fallback }]) => ({
    key,
    flag: `--${key.replace(/[A-Z]/g, letter => `-${letter.toLowerCase()}`)}`,
    env,
    default: fallback,
    describe,
    secret: secret === true,
    required: fallback === undefined && optional !== true,
  }))
