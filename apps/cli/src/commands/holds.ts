import { command } from '../command-line/command.ts'
import { flags } from './flags.ts'

const subject = {
  type: 'string',
  demandOption: true,
  describe: 'A model, a priority (high, normal, low) or caller:NAME',
} as const

export const holdCommands = [
  command({
    usage: 'hold <subject>',
    describe: 'Let no jobs of a model, a priority or a caller start',
    options: { subject, ...flags.lasting, ...flags.reason },
    run: async (given, session) => (await import('../holds/holds.ts')).hold(given.subject, given, session),
  }),
  command({
    usage: 'release <subject>',
    describe: 'End a hold; with --for or --until, let it through although no window is open',
    options: { subject, ...flags.lasting, ...flags.reason },
    run: async (given, session) => (await import('../holds/holds.ts')).release(given.subject, given, session),
  }),
  command({
    usage: 'holds ls',
    describe: 'List what operators hold back or let through',
    run: async (_given, session) => (await import('../holds/holds.ts')).listHolds(session),
  }),
  command({
    usage: 'windows ls',
    describe: 'Show the hours in which jobs of a class start, and the exceptions',
    run: async (_given, session) => (await import('../holds/windows.ts')).listWindows(session),
  }),
  command({
    usage: 'windows set <subject> <state>',
    describe: 'Make an exception from the windows: open or closed, for a time or until further notice',
    options: {
      subject: { ...subject, describe: 'A model or a priority' },
      state: { choices: ['open', 'closed'], demandOption: true, describe: 'Whether its jobs start' },
      ...flags.lasting,
      ...flags.reason,
    },
    run: async ({ subject: word, state, ...given }, session) => {
      const { hold, letThrough } = await import('../holds/holds.ts')
      await (state === 'open' ? letThrough : hold)(word, given, session)
    },
  }),
  command({
    usage: 'windows rm <subject>',
    describe: 'End an exception: the windows count again',
    options: { subject: { ...subject, describe: 'A model or a priority' } },
    run: async (given, session) => (await import('../holds/holds.ts')).endException(given.subject, session),
  }),
]
