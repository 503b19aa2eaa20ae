import type { WaitingLine } from '../../values.ts'
import type { Connection } from '../connection.ts'

export const prepareWaitingLines = ({ sqlite }: Connection) => {
  // Jumps in the index `jobs_ready` from the first job of a line to the first job of the next line, however many jobs each
  // line has. One recursive statement could do all jumps, but would set up tables of its own at each look: most find one line,
  // or none.
  const firstOf = (lines: string, order: string): string =>
    `SELECT group_key AS groupKey, priority, place AS oldestSeq, coalesce(kept_created_at, created_at) AS oldestCreatedAt
     FROM jobs WHERE state = 'queued' AND available_at IS NULL AND arrival IS NULL AND ${lines}
     ORDER BY ${order}, place LIMIT 1`
  const selectFirst = sqlite.prepare(firstOf('true', 'group_key, priority'))
  // Not `(group_key, priority) > (?, ?)`: that would walk through the whole line that is left.
  const selectNext = sqlite.prepare(
    `SELECT * FROM (${firstOf('group_key = +@groupKey AND priority > +@priority', 'priority')})
     UNION ALL SELECT * FROM (${firstOf('group_key > +@groupKey', 'group_key, priority')}) LIMIT 1`,
  )

  return (): WaitingLine[] => {
    const lines: WaitingLine[] = []
    let line = selectFirst.get() as WaitingLine | undefined
    for (; line; line = selectNext.get(line) as WaitingLine | undefined) lines.push(line)
    return lines
  }
}
