import { command } from '../command-line/command.ts'
import { flags } from './flags.ts'

const id = { type: 'string', demandOption: true, describe: 'The id of a batch' } as const

export const batchCommands = [
  command({
    usage: 'batches ls',
    describe: 'List batches, the newest first',
    options: flags.limit,
    run: async ({ limit }, session) => (await import('../batches/batches.ts')).listBatches(limit, session),
  }),
  command({
    usage: 'batches show <id>',
    describe: 'Count the jobs of a batch by state',
    options: { id },
    run: async (given, session) => (await import('../batches/batches.ts')).showBatch(given.id, session),
  }),
  command({
    usage: 'batches results <id>',
    describe:
      'Print its jobs with their results as JSON Lines, each when it has ended, in the order of the submission',
    options: { id, after: { type: 'number', describe: 'Only those behind the one with this index' } },
    run: async ({ id: batch, after }, session) =>
      (await import('../batches/batches.ts')).printResults(batch, after, session),
  }),
  command({
    usage: 'batches cancel <id>',
    describe: 'Cancel those jobs of a batch that have not ended',
    options: { id, ...flags.yes },
    run: async ({ id: batch, yes: isAgreed }, session) =>
      (await import('../batches/batches.ts')).cancelBatch(batch, { isAgreed }, session),
  }),
]
