import { priorities } from '@foreman/jobs'
import { command } from '../command-line/command.ts'
import { dbPath } from '../file/db-path-flag.ts'
import { countOf, flags } from './flags.ts'

/** foreman takes no more in a batch. */
const MAX_BATCH_JOBS = 10_000

const backup = { type: 'string', demandOption: true, describe: 'The file of the backup' } as const

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
      batch: {
        type: 'number',
        default: 1_000,
        describe: 'How many jobs are submitted together',
        coerce: countOf('batch', MAX_BATCH_JOBS),
      },
      run: {
        type: 'string',
        default: '',
        describe: 'A name; the same input under another name is new jobs',
      },
    },
    run: async (given, session) => (await import('../submit/submit.ts')).submit(given, session),
  }),
  command({
    usage: 'backup [target]',
    describe: 'Copy the queue into a file, while foreman runs',
    options: {
      target: {
        type: 'string',
        default: '.',
        describe: 'The new file, or a directory for files named by the time',
      },
      keep: {
        type: 'number',
        describe: 'Remove all older backups of a directory but for so many in all',
        coerce: countOf('keep'),
      },
      'without-content': { type: 'boolean', describe: 'For a bug report: without what callers sent and got' },
      'db-path': dbPath,
    },
    run: async (given, session) => (await import('../backup/backup.ts')).backup(given, session),
  }),
  command({
    usage: 'restore-check <backup>',
    describe: 'Try on a copy whether a backup can be restored, and count what would run again',
    options: { backup },
    run: async (given, session) => (await import('../backup/restore.ts')).restoreCheck(given, session),
  }),
  command({
    usage: 'restore <backup>',
    describe: 'Put a backup in the place of the queue, while foreman is stopped',
    options: { backup, ...flags.yes, 'db-path': dbPath },
    run: async (given, session) => (await import('../backup/restore.ts')).restore(given, session),
  }),
  command({
    usage: 'doctor',
    describe: 'Look for what is wrong with foreman and around it, and say how to repair it',
    options: {
      deep: { type: 'boolean', describe: 'Also read the whole queue, and look for damage' },
      through: {
        type: 'string',
        describe: 'Also try a public address of foreman, and what the proxies before it do',
      },
      generate: { type: 'string', describe: 'Also have a model generate one token' },
      bundle: { type: 'string', describe: 'Also write all of it into a new file, for a bug report' },
      'db-path': dbPath,
    },
    run: async (given, session) => (await import('../doctor/doctor.ts')).doctor(given, session),
  }),
]
