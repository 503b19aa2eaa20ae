import type { Connection } from '../connection.ts'
import { prepareChangesSince, prepareLastChange } from './changes-since.ts'
import { prepareRead } from './read.ts'
import { prepareView } from './view.ts'

/** The verbs of a process that follows jobs. */
export const output = (connection: Connection) => {
  const view = prepareView(connection)
  return {
    view,

    /**
     * Reads a job and the next pieces of its output, on one snapshot of the file. A running job gives the output of its
     * attempt, an ended job the output of the attempt that is its answer, and a queued job none. If the cursor belongs
     * to another attempt, reading starts at the beginning.
     */
    read: prepareRead(connection, view),

    /** The jobs that have log entries after the id `after`, and the id of the last of these entries. */
    changesSince: prepareChangesSince(connection),

    /** The id of the last entry of the log. */
    lastChange: prepareLastChange(connection),
  }
}
