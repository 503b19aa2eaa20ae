import type { Connection } from '../connection.ts'
import { prepareEnded, preparePosition, prepareQueued } from './counts.ts'
import { type JobRecord, prepareById, prepareBySeq } from './job-record.ts'
import { type JobFilter, prepareListInSteps } from './list.ts'
import { prepareLog } from './log.ts'
import { prepareRequest, prepareRequestBytes, prepareRequestPart } from './request.ts'

export type Records = ReturnType<typeof records>

/** The verbs of a process that shows jobs. */
export const records = (connection: Connection) => {
  const listInSteps = prepareListInSteps(connection)
  return {
    bySeq: prepareBySeq(connection),

    byId: prepareById(connection),

    /** Lists jobs, newest first, in one go. */
    list: (filter: JobFilter): JobRecord[] => [...listInSteps(filter)].flat(),

    /**
     * Lists jobs, newest first. A step takes some milliseconds, so that the process can do other work in between. It may
     * find no jobs.
     */
    listInSteps,

    /** Counts the queued jobs that were submitted before this one. Stops at `most`. */
    position: preparePosition(connection),

    /** Counts the queued jobs. Takes about 10 ms for a million. */
    queued: prepareQueued(connection),

    /** Counts the jobs that have ended and are not deleted yet. */
    ended: prepareEnded(connection),

    /** The request of a job. Undefined when it has been deleted. */
    request: prepareRequest(connection),

    /** The length of a request's body that is in parts. */
    requestBytes: prepareRequestBytes(connection),

    /** The part with the number `n` of a request's body. `wholeBody` reads all of them. */
    requestPart: prepareRequestPart(connection),

    /** The next entries of a job's log after the entry with the id `after`. */
    log: prepareLog(connection),
  }
}
