import type { ClaimRequest } from '../../values.ts'
import type { Connection } from '../connection.ts'

/** The job of a line that is to be claimed next. */
export interface NextOfLine {
  readonly seq: number
  readonly modelName: string
  /** Not 0: it may run only while no other job runs. */
  readonly runsAlone: number
}

/** Finds the oldest ready job of a line, or of one of its senders. The job `awaited` comes before it, if it is ready and of this group. */
export const prepareNextOfLine = ({ sqlite }: Connection) => {
  // Without Drizzle for speed: this runs twice for each job.
  const prepare = (which: string) =>
    sqlite.prepare(
      `SELECT seq, model_name AS modelName, runs_alone AS runsAlone FROM jobs
       WHERE state = 'queued' AND available_at IS NULL AND arrival IS NULL AND group_key = +@groupKey AND ${which}`,
    )
  const selectFirst = prepare('priority = +@priority ORDER BY place LIMIT 1')
  const selectFirstOf = prepare(
    'priority = +@priority AND account = +@account AND sender = +@sender ORDER BY place LIMIT 1',
  )
  const selectAwaited = prepare('seq = +@awaited')

  return ({
    groupKey,
    priority,
    of,
    awaited,
  }: Pick<ClaimRequest, 'groupKey' | 'priority' | 'of' | 'awaited'>): NextOfLine | undefined => {
    const found =
      (awaited === undefined ? undefined : selectAwaited.get({ groupKey, awaited })) ??
      (of ? selectFirstOf.get({ groupKey, priority, ...of }) : selectFirst.get({ groupKey, priority }))
    return found as NextOfLine | undefined
  }
}
