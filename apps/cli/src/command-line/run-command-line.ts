import { exitCodes } from '../failures/exit-codes.ts'
import { UsageError } from '../failures/usage-error.ts'
import { Screen } from '../output/screen.ts'
import { readCommand } from './read-command.ts'

/** How long a connection that was closed may keep the process. */
const LINGER_MS = 500

/** Runs a command, says on stderr why it failed, and sets the exit code. */
export const runCommandLine = async (argv: readonly string[]): Promise<void> => {
  // Whoever reads the output has seen enough.
  for (const stream of [process.stdout, process.stderr])
    stream.on('error', (error: NodeJS.ErrnoException) =>
      process.exit(error.code === 'EPIPE' ? 0 : exitCodes.failed),
    )
  process.exitCode = await exitCodeOf(argv)
  setTimeout(() => process.exit(), LINGER_MS).unref()
}

const exitCodeOf = async (argv: readonly string[]): Promise<number> => {
  const screen = new Screen(process, { isJson: false })
  try {
    const reading = readCommand(argv, screen.columns)
    // Loaded late: `--help` does without.
    if (!('help' in reading)) return await (await import('./run-command.ts')).runCommand(reading)
    screen.print(reading.help)
    return 0
  } catch (error) {
    if (!(error instanceof UsageError)) throw error
    screen.say(`foreman: ${error.message}`)
    return exitCodes.usage
  }
}
