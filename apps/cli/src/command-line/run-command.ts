import { parseDuration } from '@foreman/process'
import { Connection } from '../connection/connection.ts'
import { failureOf } from '../failures/failure.ts'
import { stopSignal } from '../failures/stop.ts'
import { UsageError } from '../failures/usage-error.ts'
import { FullScreen } from '../output/full-screen.ts'
import { Screen } from '../output/screen.ts'
import type { Command } from './command.ts'
import type { Session } from './session.ts'
import type { SharedGiven } from './shared-flags.ts'

/**
 * Runs a command, and says on stderr why it failed.
 *
 * @returns the exit code
 * @throws UsageError when a flag cannot be meant that every command has
 */
export const runCommand = async ({
  command,
  given,
}: {
  readonly command: Command
  readonly given: SharedGiven
}): Promise<number> => {
  const screen = new Screen(process, { isJson: given.json === true })
  const connection = new Connection(given, process.env)
  const signal = stopSignal(process, timeoutOf(given.timeout))
  const session: Session = {
    get client() {
      return connection.client
    },
    screen,
    fullScreen: new FullScreen(process),
    stdin: process.stdin,
    environment: process.env,
    signal,
  }
  try {
    // yargs has checked what is given against the options of the command, from which its types come.
    return (await command.run(given as never, session)) ?? 0
  } catch (error) {
    const { exitCode, message } = failureOf(signal.aborted ? signal.reason : error, connection.target)
    if (message !== '') screen.say(`foreman: ${message}`)
    return exitCode
  }
}

const timeoutOf = (text: string | undefined): number | undefined => {
  if (text === undefined) return undefined
  const timeoutMs = parseDuration(text)
  if (timeoutMs === undefined || timeoutMs === 0)
    throw new UsageError('--timeout must be a duration such as 30s or 5m')
  return timeoutMs
}
