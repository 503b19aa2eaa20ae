import { command } from '../command-line/command.ts'
import { flags } from './flags.ts'

const job = { type: 'string', describe: 'The id of a job' } as const
const among = {
  host: { type: 'string', describe: 'To this host, with the port of the URL if it has one' },
  caller: { type: 'string', describe: 'Of the jobs of this caller' },
  since: { type: 'string', describe: 'Written since: a time of RFC 3339, or how long ago, such as 2h' },
} as const

export const webhookCommands = [
  command({
    usage: 'webhook ls [job]',
    describe: 'List webhooks, the newest first: those of a job, or of all',
    options: {
      job,
      state: { type: 'string', describe: 'pending, delivered or dead' },
      ...among,
      ...flags.limit,
    },
    run: async ({ job: of, ...wanted }, session) =>
      (await import('../webhooks/deliveries.ts')).listDeliveries(of, wanted, session),
  }),
  command({
    usage: 'webhook resend [job] [delivery]',
    describe: 'Send webhooks again: one of a job, those of a job that were given up, or those of a receiver',
    options: {
      job,
      delivery: { type: 'string', describe: 'The id of a webhook' },
      ...among,
      ...flags.yes,
      ...flags.reason,
    },
    run: async ({ job: of, delivery, yes: isAgreed, ...given }, session) => {
      const { resend, resendMany } = await import('../webhooks/resend.ts')
      return of === undefined ? resendMany({ ...given, isAgreed }, session) : resend(of, delivery, session)
    },
  }),
  command({
    usage: 'webhook verify <file>',
    describe: 'Verify the signature of a webhook that was kept, with FOREMAN_WEBHOOK_SECRET',
    options: {
      file: { type: 'string', demandOption: true, describe: 'Its body, exactly as it arrived; - is stdin' },
      id: { type: 'string', demandOption: true, describe: 'Its header webhook-id' },
      timestamp: { type: 'string', demandOption: true, describe: 'Its header webhook-timestamp' },
      signature: { type: 'string', demandOption: true, describe: 'Its header webhook-signature' },
    },
    run: async (given, session) =>
      (await import('../webhooks/verify-message.ts')).verifyMessage(given, session),
  }),
]
