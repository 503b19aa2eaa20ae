import yargs, { type Argv } from 'yargs'
import manifest from '../../package.json' with { type: 'json' }
import { commands } from '../commands/commands.ts'
import { UsageError } from '../failures/usage-error.ts'
import { processes } from '../processes/processes.ts'
import type { Command } from './command.ts'
import { type SharedGiven, sharedFlags } from './shared-flags.ts'
import { usageOf } from './usage.ts'

/** What the command line says: show a text, or run a command. */
export type Reading =
  | { readonly help: string }
  | { readonly command: Command; readonly given: SharedGiven & Record<string, unknown> }

interface Row extends Pick<Command, 'usage' | 'describe' | 'options'> {
  /** Undefined for a process, which reads its own flags. */
  readonly command?: Command
}

const rows: readonly Row[] = [
  ...processes.map(({ words, describe }) => ({ usage: words.join(' '), describe, options: {} })),
  ...commands.map(each => ({ ...each, command: each })),
]

const GROUPS: Readonly<Record<string, string>> = {
  jobs: 'Look at jobs, and step in',
  turn: 'End the turn of the present model',
  holds: 'What operators hold back',
  windows: 'The hours in which jobs of a class start',
  batches: 'Jobs that were submitted together',
  webhook: 'Receive, list and send webhooks',
  healthcheck: 'What the health checks of containers run',
}

/**
 * Reads the command line.
 *
 * @throws UsageError when it cannot be meant
 */
export const readCommand = (argv: readonly string[], columns: number | undefined): Reading => {
  const found: { row?: Row; given: Record<string, unknown> } = { given: {} }
  const add = (parser: Argv, row: Row, usage: string): void => {
    parser.command(
      usage,
      row.describe,
      inner => optionsOf(inner, row),
      given => void Object.assign(found, { row, given }),
    )
  }
  const parser = yargs().scriptName('foreman').usage('$0 <command>')
  for (const row of rows.filter(({ usage }) => groupOf(usage) === undefined)) add(parser, row, row.usage)
  for (const [group, describe] of Object.entries(GROUPS)) {
    const members = rows.filter(({ usage }) => groupOf(usage) === group)
    parser.command(group, describe, (inner: Argv) => {
      for (const row of members) add(inner, row, row.usage.slice(group.length + 1))
      return inner.demandCommand(1, `say what: foreman ${group} --help lists it`)
    })
  }
  const { failure, output } = parse(parser, argv, columns)
  if (failure) throw new UsageError(failure)
  const { row, given } = found
  if (!row) return { help: output }
  if (row.command) return { command: row.command, given: showStdin(given) }
  throw new UsageError(`write the flags behind: foreman ${row.usage} …`)
}

/** The first word of a command that has several. */
const groupOf = (usage: string): string | undefined =>
  Object.keys(GROUPS).find(group => usage.startsWith(`${group} `))

const optionsOf = (parser: Argv, { usage, options, command }: Row): Argv => {
  if (!command) return parser
  const taken = new Set(usageOf(usage).taken.map(({ name }) => name))
  for (const [name, option] of Object.entries(options)) {
    if (taken.has(name)) parser.positional(name, option as object)
    else parser.option(name, { requiresArg: option.type !== 'boolean', ...option })
  }
  for (const [name, option] of Object.entries(sharedFlags))
    parser.option(name, { requiresArg: option.type !== 'boolean', ...option, group: 'Every command:' })
  return parser
}

/** The words of yargs for a command that was given less than it takes, and those of foreman. */
const TOO_FEW = 'Not enough non-option arguments: got %s, need at least %s'
const MISSING = 'something is missing behind the command: got %s, need at least %s'

const parse = (parser: Argv, argv: readonly string[], columns = 100) => {
  let [failure, output]: [string | undefined, string] = [undefined, '']
  parser
    .locale('en')
    .updateStrings({ [TOO_FEW]: { one: MISSING, other: MISSING } as unknown as string })
    .wrap(Math.min(110, columns))
    .version('version', 'Show the version of this command', manifest.version)
    .help('help')
    .demandCommand(1, 'say what: foreman --help lists the commands')
    .recommendCommands()
    .strict()
    .exitProcess(false)
    .showHelpOnFail(false)
    .parserConfiguration({
      'boolean-negation': false,
      'camel-case-expansion': false,
      'dot-notation': false,
      'parse-positional-numbers': false,
    })
    // The first is the one that helps: "Did you mean jobs?" comes before "Unknown argument".
    .fail((message, error) => void (failure ??= `${message || String(error)} (see --help)`))
    .parseSync(argv.map(hideStdin), {}, (_error, _parsed, text) => void (output = text))
  return { failure, output }
}

/** yargs drops a `-` among words that it collects, so another word stands in its place while it reads. */
const STDIN = '\ue000'

const hideStdin = (word: string): string => (word === '-' ? STDIN : word)

const showStdin = (given: Record<string, unknown>): Record<string, unknown> => {
  const shown = (value: unknown): unknown => (value === STDIN ? '-' : value)
  return Object.fromEntries(
    Object.entries(given).map(([name, value]) => [
      name,
      Array.isArray(value) ? value.map(shown) : shown(value),
    ]),
  )
}
