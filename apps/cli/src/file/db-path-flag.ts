import type { Options } from 'yargs'

/** The flag of commands that work on the queue itself, without its processes. */
export const dbPath = {
  type: 'string',
  describe: 'The queue (FOREMAN_DB_PATH); default: that of .env, or foreman.db here',
} as const satisfies Options
