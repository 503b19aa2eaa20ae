import { command } from './command-line/command.ts'

/** All commands that ask foreman something. docs/command.md lists them, and a test compares. */
export const commands = [
  command({
    usage: 'status',
    describe: 'Show what the target does and who waits; exit with 1 if something is wrong',
    run: async (_given, session) => (await import('./queue/status.ts')).status(session),
  }),
  command({
    usage: 'version',
    describe: 'Show the versions of this command, of both processes and of the queue file',
    run: async (_given, session) => (await import('./version/version.ts')).version(session),
  }),
]
