import { priorities } from '@foreman/jobs'
import type { JobRef, JobRevision, NewOperation } from '../../values.ts'
import type { Connection } from '../connection.ts'
import { and, isNull, sql, value } from '../drizzle.ts'
import { isQueued } from '../queue/ending-queued.ts'
import { jobs } from '../schema.ts'
import { prepareNoteOperation } from '../steering/operations.ts'

/** Changes a queued job. The caller opens the transaction. */
export const prepareChange = (connection: Connection) => {
  const noteOperation = prepareNoteOperation(connection)
  const change = connection.db
    .update(jobs)
    .set({
      priority: sql`coalesce(${value('priority')}, ${jobs.priority})`,
      deadlineAt: sql`iif(${value('hasDeadline')}, ${value('deadlineAt')}, ${jobs.deadlineAt})`,
    })
    .where(and(isQueued, isNull(jobs.arrival)))
    .prepare()

  return (
    { seq }: Pick<JobRef, 'seq'>,
    { priority, deadlineAt }: JobRevision,
    now: number,
    operation?: NewOperation,
  ): boolean => {
    const isChanged =
      change.run({
        seq,
        priority: priority === undefined ? null : priorities.indexOf(priority),
        hasDeadline: deadlineAt === undefined ? 0 : 1,
        deadlineAt: deadlineAt ?? null,
      }).changes > 0
    if (isChanged && operation) noteOperation(operation, now)
    return isChanged
  }
}
