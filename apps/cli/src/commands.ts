import { priorities } from '@foreman/jobs'
import { command } from './command-line/command.ts'

/** All commands that ask foreman something. docs/command.md lists them, and a test compares. */
export const commands = [
  command({
    usage: 'status',
    describe: 'Show what the target does and who waits; exit with 1 if something is wrong',
    run: async (_given, session) => (await import('./queue/status.ts')).status(session),
  }),
  command({
    usage: 'submit [file]',
    describe: 'Submit the lines of a file as jobs, and write their results; typed again, it goes on',
    options: {
      file: {
        type: 'string',
        default: '-',
        describe: 'JSON Lines of submissions, or a prompt on each line; -: stdin',
      },
      output: { type: 'string', alias: 'o', describe: 'The file of the results, which is continued' },
      'in-order': { type: 'boolean', describe: 'In the order of the input, and not as they end' },
      model: { type: 'string', describe: 'The model that prompts are for' },
      priority: { type: 'string', choices: priorities, describe: 'The priority of prompts' },
      batch: { type: 'number', default: 1_000, describe: 'How many jobs are submitted together' },
      run: {
        type: 'string',
        default: '',
        describe: 'A name; the same input under another name is new jobs',
      },
    },
    run: async (given, session) => (await import('./submit/submit.ts')).submit(given, session),
  }),
  command({
    usage: 'version',
    describe: 'Show the versions of this command, of both processes and of the queue file',
    run: async (_given, session) => (await import('./version/version.ts')).version(session),
  }),
]
