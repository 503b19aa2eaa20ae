import type { Options } from 'yargs'

/** The flags that every command takes which asks foreman something. */
export const sharedFlags = {
  url: {
    type: 'string',
    describe: 'Which foreman: its URL (FOREMAN_URL); default: that of FOREMAN_ADDR and .env here',
  },
  token: { type: 'string', describe: 'A token (FOREMAN_OPERATOR_TOKEN, else FOREMAN_TOKEN)' },
  'token-file': {
    type: 'string',
    describe: 'A file with the token, which the list of processes does not show',
  },
  json: { type: 'boolean', describe: "foreman's own JSON; lists and streams as JSON Lines" },
  timeout: { type: 'string', describe: 'Give up after this time, such as 30s or 5m, with the exit code 6' },
} as const satisfies Record<string, Options>

/** What was given of them. */
export interface SharedGiven {
  readonly url?: string | undefined
  readonly token?: string | undefined
  readonly 'token-file'?: string | undefined
  readonly json?: boolean | undefined
  readonly timeout?: string | undefined
}
