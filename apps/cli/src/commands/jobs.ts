import { command } from '../command-line/command.ts'
import { FIELDS } from '../jobs/filter-fields.ts'
import { flags } from './flags.ts'

const id = { type: 'string', demandOption: true, describe: 'The id of a job' } as const

const filter = {
  type: 'string',
  array: true,
  nargs: 1,
  default: [] as string[],
  describe: `FIELD=VALUE, where FIELD is ${FIELDS.join(', ')} or meta.KEY; may be given several times`,
} as const

/** What commands that do something to jobs take. */
const many = { ...flags.ids, filter, ...flags.yes, ...flags.reason } as const

interface Many {
  readonly ids: readonly string[]
  readonly filter: readonly string[]
  readonly yes: boolean
  readonly reason: string | undefined
}

const chosen = ({ ids, filter: filters, yes: isAgreed, reason }: Many) => ({ ids, filters, isAgreed, reason })

export const jobCommands = [
  command({
    usage: 'jobs ls',
    describe: 'List jobs, the newest first',
    options: {
      state: { type: 'string', describe: 'queued, running, succeeded, failed or cancelled' },
      model: { type: 'string', describe: 'Of this model' },
      caller: { type: 'string', describe: 'Of this caller' },
      priority: { type: 'string', describe: 'high, normal or low' },
      code: { type: 'string', describe: 'With this code of an error' },
      since: { type: 'string', describe: 'Submitted since: a time of RFC 3339, or how long ago, such as 2h' },
      until: { type: 'string', describe: 'Submitted before this time' },
      batch: { type: 'string', describe: 'Of this batch' },
      filter,
      ...flags.limit,
    },
    run: async ({ filter: filters, limit, ...given }, session) => {
      const named = FIELDS.flatMap(field => (given[field] === undefined ? [] : [`${field}=${given[field]}`]))
      await (await import('../jobs/ls.ts')).listJobs({ filters: [...named, ...filters], limit }, session)
    },
  }),
  command({
    usage: 'jobs show <id>',
    describe: 'Show all that is known of a job',
    options: {
      id,
      request: { type: 'boolean', default: false, describe: 'Show its request, as it was sent' },
    },
    run: async ({ id: job, request }, session) => {
      const { showJob, showRequest } = await import('../jobs/show.ts')
      await (request ? showRequest : showJob)(job, session)
    },
  }),
  command({
    usage: 'jobs why [ids..]',
    describe: 'Say what jobs wait for, or have waited for, and when they start',
    options: flags.ids,
    run: async ({ ids }, session) => (await import('../jobs/why.ts')).whyJobs(ids, session),
  }),
  command({
    usage: 'jobs cancel [ids..]',
    describe: 'Cancel jobs, queued or running',
    options: many,
    run: async (given, session) => (await import('../jobs/act.ts')).cancelJobs(chosen(given), session),
  }),
  command({
    usage: 'jobs retry [ids..]',
    describe: 'Submit the requests of ended jobs again, as new jobs',
    options: many,
    run: async (given, session) => (await import('../jobs/act.ts')).retryJobs(chosen(given), session),
  }),
  command({
    usage: 'jobs priority <priority> [ids..]',
    describe: 'Change the priority of queued jobs',
    options: { priority: { type: 'string', demandOption: true, describe: 'high, normal or low' }, ...many },
    run: async ({ priority, ...given }, session) =>
      (await import('../jobs/act.ts')).changePriority(priority, chosen(given), session),
  }),
  command({
    usage: 'jobs watch [ids..]',
    describe: 'Follow a job, or wait for the ends of several; exit with 1 if one does not succeed',
    options: flags.ids,
    run: async ({ ids }, session) => (await import('../jobs/watch.ts')).watchJobs(ids, session),
  }),
  command({
    usage: 'jobs tail <id>',
    describe:
      'Print the answer of a job as it comes: its text; thinking goes to stderr; exit with 1 if it does not succeed',
    options: {
      id,
      raw: {
        type: 'boolean',
        default: false,
        describe: 'Print its bytes as they are, also those that a terminal obeys',
      },
    },
    run: async ({ id: job, raw: isRaw }, session) =>
      (await import('../jobs/tail.ts')).tailJob(job, { isRaw }, session),
  }),
]
