import { priorities } from '@foreman/jobs'
import { command } from '../command-line/command.ts'

/** Commands that read or write files. */
export const fileCommands = [
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
    run: async (given, session) => (await import('../submit/submit.ts')).submit(given, session),
  }),
]
