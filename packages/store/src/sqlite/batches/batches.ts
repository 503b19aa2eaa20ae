import { type JobState, jobStates } from '@foreman/jobs'
import type { Batches } from '../../contract.ts'
import type { BatchCounts, BatchFilter, BatchLine, BatchRow, Ending } from '../../values.ts'
import type { Connection } from '../connection.ts'
import { and, eq, given, isNotNull, or, sql } from '../drizzle.ts'
import type { Cancel } from '../submissions/cancel.ts'
import { reads, type Writes } from '../verbs.ts'
import { prepareNewestFirst } from './newest-first.ts'
import { batches as table, files } from './tables.ts'

export const batches = (connection: Connection, writes: Writes, cancel: Cancel): Batches => ({
  ...batchReads(connection),
  cancel: writes.verb('full', prepareCancelBatch(connection, cancel)),
  noteEnd: writes.verb('normal', prepareNoteEnd(connection)),
})

const batchReads = (connection: Connection): Omit<Batches, 'cancel' | 'noteEnd'> => ({
  byId: reads(prepareById(connection)),
  ofJob: reads(prepareOfJob(connection)),
  list: reads(prepareList(connection)),
  counts: reads(prepareCounts(connection)),
  lines: reads(prepareLines(connection)),
  lastQueued: reads(prepareLastQueued(connection)),
})

const selectBatches = ({ db }: Connection) =>
  db
    .select({
      seq: table.seq,
      id: table.id,
      caller: table.caller,
      createdAt: table.createdAt,
      jobs: table.jobs,
      cancelRequestedAt: table.cancelRequestedAt,
      finishedAt: table.finishedAt,
      endpoint: table.endpoint,
      inputFile: files.id,
      completionWindow: table.completionWindow,
      metadata: table.metadata,
    })
    .from(table)
    .leftJoin(files, eq(files.seq, table.inputFile))

const isShown = isNotNull(table.submittedAt)

const prepareById = (connection: Connection) => {
  const select = selectBatches(connection)
    .where(and(eq(table.id, given('id')), isShown))
    .prepare()

  return (id: string): BatchRow | undefined => select.get({ id })
}

const prepareOfJob = (connection: Connection) => {
  const batchOf = sql`(SELECT batch FROM jobs WHERE seq = ${given('seq')})`
  const select = selectBatches(connection)
    .where(and(eq(table.seq, batchOf), isShown))
    .prepare()

  return ({ seq }: { readonly seq: number }): BatchRow | undefined => select.get({ seq })
}

const prepareList = (connection: Connection) => {
  const isAsked = or(sql`NOT ${sql.placeholder('withOrigin')}`, isNotNull(table.endpoint))
  const list = prepareNewestFirst<BatchRow>(table, ({ conditions, orderBy, limit }) =>
    selectBatches(connection)
      .where(and(...conditions, isShown, isAsked))
      .orderBy(orderBy)
      .limit(limit)
      .prepare(),
  )

  return ({ withOrigin, ...filter }: BatchFilter): BatchRow[] =>
    list(filter, { withOrigin: withOrigin ? 1 : 0 })
}

type Batch = Pick<BatchRow, 'seq'>

const prepareCounts = ({ sqlite }: Connection) => {
  const count = sqlite.prepare('SELECT state, count(*) AS jobs FROM jobs WHERE batch = +? GROUP BY state')
  const countRefused = sqlite
    .prepare('SELECT count(*) FROM batch_lines WHERE batch = +? AND job_seq IS NULL')
    .pluck()

  return ({ seq }: Batch): BatchCounts => {
    const rows = count.all(seq) as { readonly state: JobState; readonly jobs: number }[]
    const none = Object.fromEntries(jobStates.map(state => [state, 0])) as Record<JobState, number>
    const counted = Object.fromEntries(rows.map(({ state, jobs }) => [state, jobs]))
    return { ...none, ...counted, refused: countRefused.get(seq) as number }
  }
}

const prepareLines = ({ sqlite }: Connection) => {
  const select = sqlite.prepare(
    `SELECT line, custom_id AS customId, job_seq AS jobSeq, error_code AS errorCode, error_message AS errorMessage
     FROM batch_lines WHERE batch = +? AND line > +? ORDER BY line LIMIT +?`,
  )

  return ({ seq }: Batch, after: number, limit: number): BatchLine[] =>
    select.all(seq, after, limit) as BatchLine[]
}

const prepareLastQueued = ({ sqlite }: Connection) => {
  const select = sqlite
    .prepare(`SELECT seq FROM jobs WHERE batch = +? AND state = 'queued' ORDER BY seq DESC LIMIT 1`)
    .pluck()

  return ({ seq }: Batch): number | undefined => select.get(seq) as number | undefined
}

/** The most jobs that one step cancels. */
const CANCELLED_PER_STEP = 500

const prepareCancelBatch = ({ sqlite }: Connection, cancel: Cancel) => {
  const request = sqlite.prepare(
    'UPDATE batches SET cancel_requested_at = @now WHERE seq = +@seq AND cancel_requested_at IS NULL',
  )
  const selectNext = sqlite
    .prepare(
      `SELECT seq FROM jobs WHERE batch = +? AND seq > +? AND state IN ('queued', 'running')
       ORDER BY seq LIMIT ${CANCELLED_PER_STEP}`,
    )
    .pluck()

  return ({ seq }: Batch, after: number, ending: Ending): number | undefined => {
    const next = selectNext.all(seq, after) as number[]
    if (next.length > 0) request.run({ seq, now: ending.now })
    for (const job of next) cancel({ seq: job }, ending)
    return next.length === CANCELLED_PER_STEP ? next.at(-1) : undefined
  }
}

const prepareNoteEnd = ({ sqlite }: Connection) => {
  const selectUnfinished = sqlite
    .prepare(`SELECT 1 FROM jobs WHERE batch = +? AND state IN ('queued', 'running') LIMIT 1`)
    .pluck()
  const note = sqlite
    .prepare(
      `UPDATE batches SET finished_at =
         coalesce(finished_at, (SELECT max(finished_at) FROM jobs WHERE batch = batches.seq), submitted_at)
       WHERE seq = +? RETURNING finished_at`,
    )
    .pluck()

  return ({ seq }: Batch): number | undefined =>
    selectUnfinished.get(seq) === undefined ? (note.get(seq) as number | undefined) : undefined
}
