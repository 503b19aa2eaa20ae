import { BACKUP } from '@foreman/jobs'
import fs from 'node:fs'
import type { Overview } from '../../contract.ts'
import type { AccountCount, DelayedCount, InFlightJob, MessageCounts, StorageFigures } from '../../values.ts'
import type { Connection } from '../connection.ts'
import { freeBytesOf } from '../free-bytes.ts'
import { prepareProcesses } from '../process-figures.ts'
import { reads } from '../verbs.ts'
import { prepareJobChanges } from './job-changes.ts'
import { prepareReceivers } from './receivers.ts'

export const overview = (connection: Connection): Overview => ({
  readyOfAccounts: reads(prepareReadyOfAccounts(connection)),
  delayed: reads(prepareDelayed(connection)),
  inFlight: reads(prepareInFlight(connection)),
  groupsOfAccount: reads(prepareGroupsOfAccount(connection)),
  jobChanges: reads(prepareJobChanges(connection)),
  messages: reads(prepareMessages(connection)),
  deadMessages: reads(prepareDeadMessages(connection)),
  receivers: reads(prepareReceivers(connection)),
  storage: reads(() => storageOf(connection)),
  lastBackup: reads(prepareLastBackup(connection)),
  processes: reads(prepareProcesses(connection)),
  schema: reads(prepareSchema(connection)),
  version: reads(() => connection.sqlite.pragma('data_version', { simple: true }) as number),
})

const prepareReadyOfAccounts = ({ sqlite }: Connection) => {
  const select = sqlite.prepare('SELECT account, sum(jobs) AS jobs FROM ready_counts GROUP BY account')
  return (): AccountCount[] => select.all() as AccountCount[]
}

const prepareGroupsOfAccount = ({ sqlite }: Connection) => {
  const select = sqlite
    .prepare('SELECT DISTINCT group_key FROM ready_counts WHERE @account IS NULL OR account = +@account')
    .pluck()
  return (account: string | undefined): string[] => select.all({ account: account ?? null }) as string[]
}

const prepareDelayed = ({ sqlite }: Connection) => {
  // SQLite would choose the index that is in the order of models, and read all queued jobs.
  const select = sqlite.prepare(
    `SELECT model_name AS modelName, count(*) AS jobs FROM jobs INDEXED BY jobs_delayed
     WHERE state = 'queued' AND available_at IS NOT NULL AND arrival IS NULL GROUP BY model_name`,
  )
  return (): DelayedCount[] => select.all() as DelayedCount[]
}

interface InFlightRow extends Omit<InFlightJob, 'hasBegun'> {
  readonly begun: number
}

const prepareInFlight = ({ sqlite }: Connection) => {
  const select = sqlite.prepare(
    `SELECT seq, id, model_name AS modelName, group_key AS groupKey, caller, created_at AS createdAt,
       started_at AS startedAt, start_reason AS startReason, tokens, turn,
       EXISTS (SELECT 1 FROM job_log WHERE job_seq = jobs.seq AND attempt = jobs.attempt AND kind <> 'event') AS begun
     FROM jobs WHERE state = 'running' ORDER BY seq`,
  )
  return (): InFlightJob[] =>
    (select.all() as InFlightRow[]).map(({ begun, ...job }) => ({ ...job, hasBegun: begun === 1 }))
}

const prepareMessages = ({ sqlite }: Connection) => {
  const select = sqlite.prepare(
    `SELECT count(*) AS pending, min(created_at) AS oldestAt FROM webhook_deliveries WHERE state = 'pending'`,
  )
  return (): MessageCounts => select.get() as MessageCounts
}

const prepareDeadMessages = ({ sqlite }: Connection) => {
  const count = sqlite
    .prepare(
      `SELECT count(*) FROM webhook_deliveries INDEXED BY webhook_deliveries_dead WHERE state = 'dead' AND finished_at >= +?`,
    )
    .pluck()
  return (since: number): number => count.get(since) as number
}

const prepareLastBackup = ({ sqlite }: Connection) => {
  const select = sqlite
    .prepare(
      `SELECT at FROM operations INDEXED BY operations_backups WHERE action = '${BACKUP}' AND state = 'done' ORDER BY id DESC LIMIT 1`,
    )
    .pluck()
  return (): number | undefined => select.get() as number | undefined
}

/** How many migrations it has. */
const prepareSchema = ({ sqlite }: Connection) => {
  const count = sqlite.prepare('SELECT count(*) FROM __drizzle_migrations').pluck()
  return (): string => String(count.get())
}

/** Asks for the sizes of the files by name: opening and closing one would take the locks of this process away. */
const storageOf = ({ sqlite }: Connection): StorageFigures => {
  const number = (pragma: string) => sqlite.pragma(pragma, { simple: true }) as number
  const pageBytes = number('page_size')
  const pages = number('page_count')
  return {
    fileBytes: pages * pageBytes,
    usedBytes: (pages - number('freelist_count')) * pageBytes,
    walBytes: fs.statSync(`${sqlite.name}-wal`, { throwIfNoEntry: false })?.size ?? 0,
    diskFreeBytes: freeBytesOf(sqlite.name),
  }
}
