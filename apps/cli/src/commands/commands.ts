import { command } from '../command-line/command.ts'
import { batchCommands } from './batches.ts'
import { fileCommands } from './files.ts'
import { holdCommands } from './holds.ts'
import { jobCommands } from './jobs.ts'
import { queueCommands } from './queue.ts'
import { webhookCommands } from './webhooks.ts'

/** All commands but those that read their own flags (`processes`). docs/command.md lists them, and a test compares. */
export const commands = [
  ...queueCommands,
  ...jobCommands,
  ...fileCommands,
  ...holdCommands,
  ...batchCommands,
  ...webhookCommands,
  command({
    usage: 'models',
    describe: 'List the models, and what foreman has measured of each',
    run: async (_given, session) => (await import('../models/models.ts')).listModels(session),
  }),
  command({
    usage: 'completion <shell>',
    describe: 'Print the completion of a shell, for its configuration',
    options: { shell: { choices: ['bash', 'zsh', 'fish'], demandOption: true, describe: 'Which shell' } },
    run: async ({ shell }, session) =>
      (await import('../completion/scripts.ts')).printCompletion(shell, session),
  }),
  command({
    usage: 'version',
    describe: 'Show the versions of this command, of the processes, of the queue file and of Ollama',
    run: async (_given, session) => (await import('../version/version.ts')).version(session),
  }),
]
