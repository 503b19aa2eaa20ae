import type { WaitingLine } from '../../values.ts'
import type { Connection } from '../connection.ts'

export const prepareWaitingLines = ({ sqlite }: Connection) => {
  // A loose scan of the index `jobs_ready`: it jumps from the first job of a line to the first job of the next line,
  // however many jobs each line has.
  const isReady = `state = 'queued' AND available_at IS NULL AND arrival IS NULL`
  const ready = `FROM jobs WHERE ${isReady}`
  const select = sqlite.prepare(
    `WITH RECURSIVE lines(seq) AS (
         SELECT (SELECT seq ${ready} ORDER BY group_key, priority, place LIMIT 1)
         UNION ALL
         SELECT coalesce(
           (SELECT seq ${ready} AND group_key = last.group_key AND priority > last.priority
            ORDER BY priority, place LIMIT 1),
           (SELECT seq ${ready} AND group_key > last.group_key ORDER BY group_key, priority, place LIMIT 1))
         FROM lines JOIN jobs AS last ON last.seq = lines.seq)
       SELECT jobs.group_key AS groupKey, jobs.priority AS priority, jobs.place AS oldestSeq,
         coalesce(jobs.kept_created_at, jobs.created_at) AS oldestCreatedAt
       FROM lines JOIN jobs ON jobs.seq = lines.seq`,
  )

  // Half of the looks find nothing ready. That costs less to see than to jump through.
  const selectAny = sqlite
    .prepare(`SELECT 1 FROM jobs INDEXED BY jobs_ready WHERE ${isReady} LIMIT 1`)
    .pluck()

  return (): WaitingLine[] => (selectAny.get() === undefined ? [] : (select.all() as WaitingLine[]))
}
