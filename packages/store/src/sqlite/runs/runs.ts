import type { Runs } from '../../contract.ts'
import type { Connection } from '../connection.ts'
import type { Changes } from '../log/changes.ts'
import type { LogWriter } from '../log/log-writer.ts'
import { prepareDurabilityOf } from '../promised.ts'
import { reads, type Writes } from '../verbs.ts'
import { prepareAppend } from './append.ts'
import { prepareCancelRequests } from './cancel-requests.ts'
import { prepareClaimedJob, prepareLeftState } from './claimed-job.ts'
import { prepareEndRun, prepareFinish } from './finish.ts'
import { prepareProgress } from './progress.ts'
import { prepareRelease, prepareRequeueRun } from './release.ts'
import { prepareRequeueLost } from './requeue-lost.ts'

interface RunsParts {
  readonly writes: Writes
  readonly log: LogWriter
  readonly changes: Changes
}

export const runs = (connection: Connection, { writes, log, changes }: RunsParts): Runs => {
  const durabilityOf = prepareDurabilityOf(connection)
  const claimedJob = prepareClaimedJob(connection)
  const leftState = prepareLeftState(connection)
  const append = prepareAppend(connection, log)
  const endRun = prepareEndRun(connection, changes)
  const requeueRun = prepareRequeueRun(connection, log, changes)
  return {
    append: writes.verb('normal', append),
    progress: writes.quiet(prepareProgress(connection, changes)),
    finish: writes.verb(
      ([run]) => durabilityOf(run),
      prepareFinish(connection, { append, endRun, leftState }),
    ),
    release: writes.verb(
      ([run]) => durabilityOf(run),
      prepareRelease({ claimedJob, leftState, endRun, requeueRun }),
    ),
    cancelRequests: reads(prepareCancelRequests(connection)),
    requeueLost: writes.verb('full', prepareRequeueLost(connection, { changes, endRun, requeueRun })),
  }
}
