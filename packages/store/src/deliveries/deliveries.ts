import type { Connection } from '../connection.ts'
import type { Delivery } from './delivery.ts'
import { prepareBacklogs, prepareDue } from './due.ts'
import { attemptsReader, prepareById, prepareOfJobInSteps } from './read.ts'
import { prepareRecord } from './record.ts'
import { prepareRedeliver } from './redeliver.ts'
import { prepareReschedule } from './reschedule.ts'

/** The verbs of a process that sends webhook messages, and of one that shows them. */
export const deliveries = (connection: Connection) => {
  const ofJobInSteps = prepareOfJobInSteps(connection)
  return {
    /**
     * The backlogs behind this one, by host and caller, at most `limit` of them. Undefined: from the first one on. The
     * cost does not depend on how many messages each has.
     */
    backlogs: prepareBacklogs(connection),

    /** The messages of a backlog that are due, in the order of their times. */
    due: prepareDue(connection),

    /**
     * Makes messages due now that were scheduled before the clock was set back, at most 500 in one call: their waits would
     * last until the clock has caught up.
     */
    reschedule: prepareReschedule(connection),

    /** Records an attempt and what follows from it. A delivery that has ended meanwhile keeps its state. */
    record: prepareRecord(connection),

    byId: prepareById(connection),

    /** The messages of a job, oldest first, in one go. */
    ofJob: (jobSeq: number): Delivery[] => [...ofJobInSteps(jobSeq)].flat(),

    /** The messages of a job, oldest first. A step takes a few milliseconds. */
    ofJobInSteps,

    /** The attempts at these messages, oldest first. */
    attempts: attemptsReader(connection),

    /** Sends a message again under its old id, and starts its schedule of attempts anew. */
    redeliver: prepareRedeliver(connection),
  }
}
