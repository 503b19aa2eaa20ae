import { createRequire } from 'node:module'
import type Yargs from 'yargs'
import { describeSettings, type SettingRow } from './describe.ts'
import { HelpShown, SettingError } from './errors.ts'
import type { SettingTable } from './setting.ts'

export interface Command {
  /** How a user calls the command, for `--help`: `npm run gateway --`. */
  readonly command: string
  /** What the command does, in one line. */
  readonly summary: string
  /** The arguments after the command. */
  readonly argv: readonly string[]
}

/**
 * The texts of the given flags, by the keys of the table. The last of a repeated flag counts.
 *
 * @throws HelpShown when the flags contain `--help`
 * @throws SettingError when a flag is not in the table or has no value
 */
export const parseFlags = (table: SettingTable, { command, summary, argv }: Command): Map<string, string> => {
  if (argv.length === 0) return new Map()
  // Loaded late: it takes 6 MB, and most processes are started without flags.
  const yargs = createRequire(import.meta.url)('yargs') as typeof Yargs
  const rows = describeSettings(table)
  const parser = yargs()
    .locale('en')
    .usage(`${command} [flags]\n\n${summary}`)
    .epilogue('A flag overrides its environment variable, which overrides .env, which overrides the default.')
    .wrap(110)
    .version(false)
    .help('help')
    .exitProcess(false)
    .showHelpOnFail(false)
    .parserConfiguration({
      'boolean-negation': false,
      'camel-case-expansion': false,
      'dot-notation': false,
      'duplicate-arguments-array': false,
      'short-option-groups': false,
    })
  for (const { flag, env, describe, required, default: fallback } of rows) {
    parser.option(flag.slice(2), {
      type: 'string',
      nargs: 1,
      describe: `${describe} (${env}${required ? ', required' : ''})`,
      ...(fallback === undefined ? {} : { defaultDescription: fallback }),
    })
  }

  let help = ''
  let failure: Error | undefined
  let parsed: Record<string, unknown> = {}
  try {
    parsed = parser.parseSync([...argv], {}, (error, _, output) => {
      failure = error ?? undefined
      help = output
    })
  } catch (error) {
    // yargs fails on names that every object has, such as --constructor.
    throw new SettingError('these flags cannot be read (see --help)', { cause: error })
  }
  if (failure) throw new SettingError(refusal(failure.message), { cause: failure })
  if (parsed['help'] === true) throw new HelpShown(help)
  return flagTexts(rows, parsed)
}

const flagTexts = (
  rows: readonly Pick<SettingRow, 'key' | 'flag'>[],
  parsed: Record<string, unknown>,
): Map<string, string> => {
  const keys = new Map(rows.map(({ key, flag }) => [flag.slice(2), key]))
  const texts = new Map<string, string>()
  for (const [name, value] of Object.entries(parsed)) {
    if (name === '_' || name === '$0' || name === 'help') continue
    const key = keys.get(name)
    const flag = `${name.length === 1 ? '-' : '--'}${name}`
    if (key === undefined)
      throw new SettingError(`${JSON.stringify(flag).slice(1, -1)} is no flag here (see --help)`)
    texts.set(key, String(value))
  }
  // The message does not repeat the word: it may be half of a secret that was not quoted.
  if ((parsed['_'] as unknown[]).length > 0)
    throw new SettingError('only flags are taken here, no other words (see --help)')
  return texts
}

/** The message of yargs, or a plainer one for the mistake that users make. */
const refusal = (message: string): string => {
  const [, flag] = /^Not enough arguments following: (\S+)$/.exec(message) ?? []
  return `${flag === undefined ? message : `--${flag} needs a value`} (see --help)`
}
