import { INTERNAL_ERROR } from '@foreman/jobs'
import type { Connection } from '../connection.ts'
import type { Changes } from '../log/changes.ts'
import { prepareClaimNext } from './claim-next.ts'
import { prepareFailOverdue } from './fail-overdue.ts'
import { prepareFailQueued } from './fail-queued.ts'
import { prepareNextOfGroup } from './next-of-group.ts'
import { preparePromoteDue } from './promote-due.ts'
import { prepareRegroup } from './regroup.ts'
import { prepareTurn } from './turn.ts'
import { prepareWaitingLines } from './waiting-lines.ts'

/** The verbs of the worker that decides which job runs next. */
export const queue = (connection: Connection, changes: Changes) => {
  const nextOfGroup = prepareNextOfGroup(connection)
  const failQueued = prepareFailQueued(connection, changes)
  return {
    /** Lists the lines that have a ready job, in no order. The cost does not depend on how many jobs wait. */
    waitingLines: prepareWaitingLines(connection),

    /**
     * Moves the queued jobs of a model into other groups, after the worker has learned more about the model.
     *
     * @param groupKeyOf returns the group key of jobs with these load options. Undefined: they stay in their group.
     * @returns whether any job changed its group
     */
    regroup: prepareRegroup(connection),

    /**
     * The job that `claimNext` would claim.
     *
     * @param awaited the job for which slots were kept free. It comes first if it is still ready and of this group.
     * @returns undefined when no job of the group is ready
     */
    next: nextOfGroup,

    /**
     * Claims the most urgent ready job of a group; among equally urgent jobs, the oldest. Records that the group has
     * the turn since `turnStartedAt`.
     *
     * @param awaited as for `next`
     * @returns undefined when no job of the group is ready
     * @throws BrokenJobError when what is stored of the job cannot be read. Nothing has changed then.
     */
    claimNext: prepareClaimNext(connection, changes, nextOfGroup),

    /**
     * Fails a queued job that cannot be claimed, so that the jobs behind it can.
     *
     * @param ttlMs how long its row is kept
     */
    failBroken: (seq: number, now: number, ttlMs: number): void =>
      connection.write('full', () => failQueued(seq, INTERNAL_ERROR, now, ttlMs)),

    /** The group that had the last turn, as `claimNext` recorded it. */
    turn: prepareTurn(connection),

    /**
     * Makes delayed jobs ready when their time has come.
     *
     * @param maxDelayMs the longest possible delay. A time further ahead comes from a clock that was set back since, so
     *   such a job becomes ready at once.
     * @returns when the next delayed job is due
     */
    promoteDue: preparePromoteDue(connection),

    /**
     * Fails queued jobs that have missed their deadline, at most 500 in one call.
     *
     * @param ttlMs how long their rows are kept
     * @returns the next deadline. It lies in the past when there are more jobs to fail.
     */
    failOverdue: prepareFailOverdue(connection, changes),
  }
}
