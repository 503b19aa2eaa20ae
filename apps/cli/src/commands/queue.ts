import { command } from '../command-line/command.ts'
import { flags } from './flags.ts'

export const queueCommands = [
  command({
    usage: 'status',
    describe: 'Show what the target does and who waits; exit with 1 if something is wrong',
    run: async (_given, session) => (await import('../queue/status.ts')).status(session),
  }),
  command({
    usage: 'top',
    describe: 'Show the same live, and step in by single keys',
    run: async (_given, session) => (await import('../top/top.ts')).top(session),
  }),
  command({
    usage: 'pause',
    describe: 'Let nothing start; jobs are accepted, and wait',
    options: {
      ...flags.lasting,
      now: {
        type: 'boolean',
        default: false,
        describe: 'Put back what runs, but for streams that have begun',
      },
      unload: { type: 'boolean', default: false, describe: "Have the models leave the target's memory" },
      ...flags.reason,
    },
    run: async (given, session) => (await import('../queue/steering.ts')).pause(given, session),
  }),
  command({
    usage: 'resume',
    describe: 'End a pause',
    options: flags.reason,
    run: async (given, session) => (await import('../queue/steering.ts')).resume(given, session),
  }),
  command({
    usage: 'turn end',
    describe: 'Give another model its turn when what runs has ended',
    options: flags.reason,
    run: async (given, session) => (await import('../queue/steering.ts')).endTurn(given, session),
  }),
  command({
    usage: 'close',
    describe: 'Accept no jobs; what is queued runs',
    options: { ...flags.lasting, ...flags.reason },
    run: async (given, session) => (await import('../queue/steering.ts')).close(given, session),
  }),
  command({
    usage: 'open',
    describe: 'Accept jobs again, after close or drain',
    options: flags.reason,
    run: async (given, session) => (await import('../queue/steering.ts')).open(given, session),
  }),
  command({
    usage: 'drain',
    describe: 'Close the queue, and wait until nothing is left in it',
    options: flags.reason,
    run: async (given, session) => (await import('../queue/drain.ts')).drain(given, session),
  }),
]
