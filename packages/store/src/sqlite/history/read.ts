import type { HistoryReads } from '../../contract.ts'
import type { PhaseRow, SampleRow, Tally, TimeRange, TurnRow } from '../../values.ts'
import type { Connection } from '../connection.ts'
import { and, atMost, desc, given, gte, isNull, lt, or, sql } from '../drizzle.ts'
import { reads } from '../verbs.ts'
import { prepareRan } from './ran.ts'
import { phases as phasesTable, turns as turnsTable } from './tables.ts'

export const historyReads = (connection: Connection): HistoryReads => {
  const { sqlite } = connection
  const selectSince = sqlite.prepare('SELECT since FROM counted').pluck()
  const selectTallies = sqlite.prepare(
    'SELECT name, labels, part, value FROM tallies ORDER BY name, labels, part',
  )
  return {
    since: reads(() => selectSince.get() as number),
    tallies: reads(() => selectTallies.all() as Tally[]),
    turns: reads(prepareTurns(connection)),
    ran: reads(prepareRan(connection)),
    phases: reads(preparePhaseRows(connection)),
    samples: reads(prepareSamples(connection)),
  }
}

const prepareTurns = ({ db }: Connection) => {
  const { startedAt, endedAt, id } = turnsTable
  // One turn follows the other, so that none before this one lies in the time.
  const lastBefore = sql`coalesce((SELECT max(started_at) FROM turns WHERE started_at <= ${given('from')}), 0)`
  const select = db
    .select()
    .from(turnsTable)
    .where(
      and(
        lt(startedAt, given('until')),
        gte(startedAt, lastBefore),
        or(isNull(endedAt), gte(endedAt, given('from'))),
      ),
    )
    .orderBy(desc(startedAt), desc(id))
    .limit(atMost(given('limit')))
    .prepare()

  return ({ from, until }: TimeRange, limit: number): TurnRow[] =>
    select.all({ from, until, limit }).toReversed()
}

const preparePhaseRows = ({ db }: Connection) => {
  const { startedAt, endedAt, kind, detail, target } = phasesTable
  const select = db
    .select({ kind, detail, target, startedAt, endedAt })
    .from(phasesTable)
    .where(and(lt(startedAt, given('until')), or(isNull(endedAt), gte(endedAt, given('from')))))
    .orderBy(desc(startedAt), desc(phasesTable.id))
    .limit(atMost(given('limit')))
    .prepare()

  return ({ from, until }: TimeRange, limit: number): PhaseRow[] =>
    select.all({ from, until, limit }).toReversed()
}

const prepareSamples = ({ sqlite }: Connection) => {
  const select = sqlite.prepare(
    `SELECT minute - minute % @stepMs AS minute, caller, sum(succeeded) AS succeeded, sum(failed) AS failed,
       sum(cancelled) AS cancelled, sum(input_tokens) AS inputTokens, sum(output_tokens) AS outputTokens,
       sum(busy_ms) AS busyMs, sum(loads) AS loads, sum(load_ms) AS loadMs, sum(arrival_loads) AS arrivalLoads,
       sum(arrival_load_ms) AS arrivalLoadMs, max(queued) AS queued, max(running) AS running,
       max(oldest_wait_ms) AS oldestWaitMs
     FROM samples WHERE minute >= +@from AND minute < +@until GROUP BY 1, 2 ORDER BY 1, 2`,
  )
  return ({ from, until }: TimeRange, stepMs: number): SampleRow[] =>
    select.all({ from, until, stepMs }) as SampleRow[]
}
