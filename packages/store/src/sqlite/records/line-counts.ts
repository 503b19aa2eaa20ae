import type { LineCount, SenderCount, WaitingLine } from '../../values.ts'
import type { Connection } from '../connection.ts'

const READY = `state = 'queued' AND available_at IS NULL AND arrival IS NULL`

/** The cost depends on the number of lines and senders, and not on that of jobs. */
export const prepareLineCounts = ({ sqlite }: Connection) => {
  const select = sqlite.prepare(
    `WITH lines AS (
         SELECT group_key, priority, sum(jobs) AS jobs,
           (SELECT seq FROM jobs WHERE ${READY} AND group_key = ready_counts.group_key
              AND priority = ready_counts.priority ORDER BY place LIMIT 1) AS oldest
         FROM ready_counts GROUP BY group_key, priority)
       SELECT lines.group_key AS groupKey, lines.priority AS priority, lines.jobs AS jobs, jobs.place AS oldestSeq,
         coalesce(jobs.kept_created_at, jobs.created_at) AS oldestCreatedAt, jobs.model_name AS modelName,
         jobs.load_options AS loadOptions
       FROM lines JOIN jobs ON jobs.seq = lines.oldest`,
  )
  return (): LineCount[] => select.all() as LineCount[]
}

export const prepareSenderCounts = ({ sqlite }: Connection) => {
  const select = sqlite.prepare(
    `SELECT account, sender, jobs,
         (SELECT place FROM jobs WHERE ${READY} AND group_key = +@groupKey AND priority = +@priority
            AND account = ready_counts.account AND sender = ready_counts.sender ORDER BY place LIMIT 1) AS oldestSeq
       FROM ready_counts WHERE group_key = +@groupKey AND priority = +@priority LIMIT +@most`,
  )
  return ({ groupKey, priority }: Pick<WaitingLine, 'groupKey' | 'priority'>, most: number): SenderCount[] =>
    (select.all({ groupKey, priority, most }) as SenderCount[]).filter(({ oldestSeq }) => oldestSeq !== null)
}
