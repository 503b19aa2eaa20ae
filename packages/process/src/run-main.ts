import { EXIT_BAD_CONFIGURATION } from './exit-codes.ts'
import { surviveLostOutput } from './lost-output.ts'
import { HelpShown, SettingError } from './settings/errors.ts'
import { collectStartGarbage } from './start-garbage.ts'
import { reportStarted } from './started.ts'

/** The line to print for an error which means that the configuration cannot work; undefined for every other error. */
export type Refusal = (error: unknown) => string | undefined

/**
 * Runs the `main` of a process, and ends a failed start in the way that users and supervisors rely on: `--help` prints
 * its text and exits with 0; a bad setting, or an error that `refusal` knows, prints one line on stderr and exits
 * with 2. Once `main` has returned, the parent process is told that this one has started. The process works on when
 * nobody reads its stdout or stderr any more, and in no more memory than it needs.
 *
 * @param refusal knows the errors, besides SettingError, which mean that the configuration cannot work
 * @throws whatever else `main` throws: Node prints its stack and exits with 1
 * @example
 * await runMain(async () => {
 *   const config = readSettings(settings, { command: 'npm run x --', summary: 'Does x.', argv, env })
 *   const server = await listen(config.addr)
 *   onStopRequest(process, () => void server.stop())
 * }, listenRefusal(settings.addr.env))
 */
export const runMain = async (
  main: () => Promise<void> | void,
  refusal: Refusal = () => undefined,
): Promise<void> => {
  surviveLostOutput(process)
  try {
    await main()
    reportStarted(process)
    collectStartGarbage()
  } catch (error) {
    if (error instanceof HelpShown) return console.log(error.message)
    const message = error instanceof SettingError ? error.message : refusal(error)
    if (message === undefined) throw error
    console.error(message)
    process.exitCode = EXIT_BAD_CONFIGURATION
  }
}

/**
 * Knows the errors of a server that cannot listen: the port is taken, the address is not this machine's, and so on.
 *
 * @param env the variable of the address, which the message names
 */
export const listenRefusal =
  (env: string): Refusal =>
  error =>
    error instanceof Error && 'syscall' in error && error.syscall === 'listen'
      ? `${env} cannot be used: ${error.message}`
      : undefined
