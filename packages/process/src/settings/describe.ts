import type { SettingTable } from './setting.ts'

/** What `--help`, the documentation and an example env file say of one setting. */
export interface SettingRow {
  key: string
  /** With its dashes: `--poll-interval`. */
  flag: string
  env: string
  /** As typed; undefined when there is none. */
  default: string | undefined
  describe: string
  secret: boolean
  /** Has neither a default nor leave to be absent. */
  required: boolean
}

/** One row per setting, in the table's order. */
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
