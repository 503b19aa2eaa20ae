import { endStates } from '@foreman/jobs'
import type { RanJob, TimeRange } from '../../values.ts'
import type { Connection } from '../connection.ts'
import { prepareEndAt, prepareFirstSince } from '../records/first-since.ts'

interface Row extends Omit<RanJob, 'turn'> {
  readonly seq: number
  readonly turnId: number | null
  readonly turnStartedAt: number
  readonly turnLoadedAt: number | null
  readonly turnLoadMs: number | null
}

export const prepareRan = (connection: Connection) => {
  const firstSince = prepareFirstSince(connection)
  const endAt = prepareEndAt(connection)
  // The inner limit keeps a million of jobs that were cancelled in the queue from being read.
  const selectOfState = connection.sqlite.prepare(
    `SELECT jobs.seq AS seq, jobs.group_key AS groupKey, model_name AS modelName, created_at AS createdAt,
       jobs.started_at AS startedAt, finished_at AS finishedAt, jobs.load_ms AS loadMs, turns.id AS turnId,
       turns.started_at AS turnStartedAt, turns.loaded_at AS turnLoadedAt, turns.load_ms AS turnLoadMs
     FROM (SELECT seq FROM jobs WHERE finished_at IS NOT NULL AND state = +@state AND seq >= +@first AND seq < +@end
         ORDER BY seq DESC LIMIT +@limit) AS last
       JOIN jobs ON jobs.seq = last.seq LEFT JOIN turns ON turns.id = jobs.turn
     WHERE created_at >= +@from AND created_at < +@until AND arrival IS NULL AND jobs.started_at IS NOT NULL`,
  )

  return ({ from, until }: TimeRange, limit: number): RanJob[] => {
    const range = { from, until, first: firstSince(from), end: endAt(until), limit }
    const rows = endStates.flatMap(state => selectOfState.all({ ...range, state }) as Row[])
    return rows
      .toSorted((a, b) => a.seq - b.seq)
      .slice(-limit)
      .map(jobOf)
  }
}

const jobOf = ({ seq: _seq, turnId, turnStartedAt, turnLoadedAt, turnLoadMs, ...job }: Row): RanJob => ({
  ...job,
  turn:
    turnId === null
      ? null
      : { id: turnId, startedAt: turnStartedAt, loadedAt: turnLoadedAt, loadMs: turnLoadMs },
})
