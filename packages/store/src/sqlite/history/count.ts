import type { CountedJob } from '../../counting/count-change.ts'
import {
  type CountedEntry,
  countLog,
  type CountingState,
  type PendingArrival,
} from '../../counting/count-log.ts'
import type { Increments } from '../../counting/increments.ts'
import { MAX_COUNTED_MODELS, OTHER_MODEL } from '../../counting/tallies.ts'
import type { CountRequest } from '../../values.ts'
import type { Connection } from '../connection.ts'
import { lenientValue } from '../json-column.ts'
import { isObject, isTexts } from '../json-shapes.ts'
import { readChange } from '../log/log-rows.ts'
import { prepareAddSample, prepareAddTally } from './add.ts'

/** A step reads so many entries of the log, of which most are pieces of answers, and counts so many changes. */
const ENTRIES_PER_STEP = 5_000
const CHANGES_PER_STEP = 500

/** An entry of the log, with its job. */
interface LogRow extends CountedJob {
  readonly id: number
  readonly bytes: Buffer
}

/** The job is deleted. */
interface LostRow extends Pick<LogRow, 'id' | 'bytes'> {
  readonly seq: null
}

/**
 * Counts the changes in the log that are not counted yet, in steps. That they are counted, and what they add, is one commit: a
 * crash neither loses a change nor counts it twice. Not in the commit of the change, for which somebody waits.
 */
export const prepareCount = ({ sqlite }: Connection) => {
  const selectState = sqlite.prepare('SELECT log_id AS logId, state FROM counted')
  const selectIsDue = sqlite
    .prepare(
      `SELECT (SELECT coalesce(max(id), 0) FROM job_log) > log_id
         OR coalesce(iif(json_valid(state), json_array_length(state, '$.pending'), 0), 0) > 0 FROM counted`,
    )
    .pluck()
  const selectLast = sqlite.prepare('SELECT coalesce(max(id), 0) FROM job_log').pluck()
  const setState = sqlite.prepare('UPDATE counted SET log_id = ?, state = ?')
  const selectChanges = sqlite.prepare(
    `SELECT log.id AS id, log.bytes AS bytes, jobs.seq AS seq, arrival, gateway, caller, priority,
       model_name AS modelName, endpoint, group_key AS groupKey, created_at AS createdAt, started_at AS startedAt,
       first_byte_at AS firstByteAt, finished_at AS finishedAt, prompt_tokens AS promptTokens,
       completion_tokens AS completionTokens, load_ms AS loadMs, prompt_ms AS promptMs, generate_ms AS generateMs, turn
     FROM job_log AS log LEFT JOIN jobs ON jobs.seq = log.job_seq
     WHERE log.id > +? AND log.id <= +? AND log.kind = 'event' ORDER BY log.id LIMIT ${CHANGES_PER_STEP}`,
  )
  const selectModels = sqlite
    .prepare(`SELECT name FROM models ORDER BY name LIMIT ${MAX_COUNTED_MODELS}`)
    .pluck()
  const selectArrival = sqlite.prepare('SELECT 1 FROM arrivals WHERE id = +?').pluck()
  const selectAccepted = sqlite.prepare('SELECT 1 FROM jobs WHERE seq = +? AND arrival IS NULL').pluck()
  const addTally = prepareAddTally(sqlite)
  const addSample = prepareAddSample(sqlite)
  const addToTurn = sqlite.prepare(
    `UPDATE turns SET jobs = jobs + @jobs, tokens = tokens + @tokens, busy_ms = busy_ms + @busyMs,
       last_at = max(coalesce(last_at, 0), @lastAt),
       ended_at = iif(end IN ('dry', 'paused'), max(ended_at, @lastAt), ended_at) WHERE id = +@turn`,
  )

  const fateOf = ({ arrival, witness }: Pick<PendingArrival, 'arrival' | 'witness'>) => {
    if (selectArrival.get(arrival) !== undefined) return 'pending'
    return selectAccepted.get(witness) === undefined ? 'gone' : 'accepted'
  }

  const write = (increments: Increments): void => {
    for (const tally of increments.tallies) addTally(tally)
    for (const { minute, caller, by } of increments.samples) addSample(minute, caller, by)
    for (const [turn, by] of increments.turns) addToTurn.run({ turn, ...by })
  }

  const state = (): { readonly logId: number; readonly state: CountingState } => {
    const row = selectState.get() as { readonly logId: number; readonly state: string | null }
    return { logId: row.logId, state: stateIn(row.state) }
  }

  return {
    /** Whether there is something to count. */
    isDue: (): boolean => selectIsDue.get() === 1,

    /** Counts some of it. The caller opens the transaction. @returns whether there is more */
    some: ({ now, fits, loadMsOf }: CountRequest): boolean => {
      const { logId, state: kept } = state()
      const last = selectLast.get() as number
      const to = Math.min(last, logId + ENTRIES_PER_STEP)
      const rows = selectChanges.all(logId, to) as (LogRow | LostRow)[]
      const known = new Set(selectModels.all() as string[])
      const facts = { now, fits, loadMsOf, fateOf }
      const counted = countLog(entriesOf(rows, known), kept, facts)
      write(counted.increments)
      const reached = rows.length === CHANGES_PER_STEP ? rows.at(-1)!.id : to
      setState.run(reached, JSON.stringify(counted.state))
      return reached < last
    },
  }
}

const entriesOf = function* (
  rows: readonly (LogRow | LostRow)[],
  known: ReadonlySet<string>,
): Generator<CountedEntry> {
  for (const row of rows) {
    try {
      yield { change: readChange(row), job: jobOf(row, known) }
    } catch {
      // A damaged entry counts nothing, and keeps no other from counting.
    }
  }
}

const jobOf = (row: LogRow | LostRow, known: ReadonlySet<string>): CountedJob | undefined => {
  if (row.seq === null) return undefined
  return known.has(row.modelName) ? row : { ...row, modelName: OTHER_MODEL }
}

const stateIn = (text: string | null): CountingState => {
  const { groups, pending } = lenientValue(text, isObject) ?? {}
  return {
    groups: isTexts(groups) ? groups : [],
    pending: Array.isArray(pending) ? (pending as readonly PendingArrival[]) : [],
  }
}
