import type { WaitingLine } from '../../values.ts'
import type { Connection } from '../connection.ts'

const LINE = `jobs.group_key AS groupKey, jobs.priority AS priority, jobs.place AS oldestSeq,
  coalesce(jobs.kept_created_at, jobs.created_at) AS oldestCreatedAt`

const READY = `FROM jobs WHERE state = 'queued' AND available_at IS NULL AND arrival IS NULL`

export const prepareWaitingLines = ({ sqlite }: Connection) => {
  const selectFirst = sqlite.prepare(`SELECT ${LINE} ${READY} ORDER BY group_key, priority, place LIMIT 1`)
  // Not `(group_key, priority) > (?, ?)`: that would walk through the whole line.
  const selectIsAnother = sqlite
    .prepare(
      `SELECT EXISTS (SELECT 1 ${READY} AND group_key = +@groupKey AND priority > +@priority)
         OR EXISTS (SELECT 1 ${READY} AND group_key > +@groupKey)`,
    )
    .pluck()
  // A loose scan of the index `jobs_ready`: it jumps from the first job of a line to the first job of the next line,
  // however many jobs each line has.
  const selectAll = sqlite.prepare(
    `WITH RECURSIVE lines(seq) AS (
         SELECT (SELECT seq ${READY} ORDER BY group_key, priority, place LIMIT 1)
         UNION ALL
         SELECT coalesce(
           (SELECT seq ${READY} AND group_key = last.group_key AND priority > last.priority
            ORDER BY priority, place LIMIT 1),
           (SELECT seq ${READY} AND group_key > last.group_key ORDER BY group_key, priority, place LIMIT 1))
         FROM lines JOIN jobs AS last ON last.seq = lines.seq)
       SELECT ${LINE} FROM lines JOIN jobs ON jobs.seq = lines.seq`,
  )

  return (): WaitingLine[] => {
    // Most looks find one line, or none. That costs less to see than to jump through.
    const first = selectFirst.get() as WaitingLine | undefined
    if (!first) return []
    return selectIsAnother.get(first) === 0 ? [first] : (selectAll.all() as WaitingLine[])
  }
}
