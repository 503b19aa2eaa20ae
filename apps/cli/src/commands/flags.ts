import type { Options } from 'yargs'

/** Refuses a count that is none. yargs takes any number, and has NaN for what is no number. */
export const countOf =
  (flag: string, most = Number.MAX_SAFE_INTEGER) =>
  (count: number): number => {
    if (Number.isSafeInteger(count) && count >= 1 && count <= most) return count
    const upTo = most === Number.MAX_SAFE_INTEGER ? 'on' : `to ${most}`
    throw new Error(`--${flag} must be a whole number from 1 ${upTo}`)
  }

/** Flags that several commands have. */
export const flags = {
  ids: {
    ids: { type: 'string', array: true, default: [], describe: 'Ids of jobs; - reads them from stdin' },
  },
  reason: {
    reason: { type: 'string', describe: 'Why, for whoever reads it later' },
  },
  lasting: {
    for: { type: 'string', describe: 'How long, such as 2h' },
    until: {
      type: 'string',
      describe: 'Until when: 22:00 by the clock of this machine, or a time of RFC 3339',
    },
  },
  yes: {
    yes: { type: 'boolean', alias: 'y', default: false, describe: 'Do not ask' },
  },
  limit: {
    limit: {
      type: 'number',
      alias: 'n',
      default: 50,
      describe: 'How many at the most',
      coerce: countOf('limit'),
    },
  },
} as const satisfies Record<string, Record<string, Options>>
