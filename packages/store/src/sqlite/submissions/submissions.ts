import type { Submissions } from '../../contract.ts'
import { prepareFounding } from '../batches/founding.ts'
import type { Connection } from '../connection.ts'
import type { Changes } from '../log/changes.ts'
import { durabilityOfNew, prepareDurabilityOf } from '../promised.ts'
import { reads, type Writes } from '../verbs.ts'
import { arrivals } from './arrivals.ts'
import { prepareCancel } from './cancel.ts'
import { prepareChange } from './change.ts'
import { prepareDelivered } from './delivered.ts'
import { prepareJobOfKey } from './job-of-key.ts'
import { prepareSubmit } from './submit.ts'

export const submissions = (connection: Connection, writes: Writes, changes: Changes): Submissions => {
  const jobOfKey = prepareJobOfKey(connection)
  const durabilityOf = prepareDurabilityOf(connection)
  const founding = prepareFounding(connection)
  const submit = prepareSubmit(connection, { changes, jobOfKey, founding })
  return {
    hasJob: reads(({ caller, key, now }) => jobOfKey(caller, key, now)?.hasLetGo === false),
    enqueue: writes.verb(
      ([submission]) => durabilityOfNew(submission),
      ({ batch, ...submission }) => {
        if (!batch) return submit(submission)
        const submitted = submit({ ...submission, batch: founding.begin(batch, submission.now) })
        const replay = submitted.find(({ isReplayed }) => isReplayed)?.seq
        founding.settle({ id: batch.id, replay, at: submission.now })
        return submitted
      },
    ),
    arrivals: arrivals(connection, writes, { submit, founding }),
    cancel: writes.verb(([job]) => durabilityOf(job), prepareCancel(connection, changes)),
    change: writes.verb(([job]) => durabilityOf(job), prepareChange(connection)),
    delivered: writes.lazy(prepareDelivered(connection)),
  }
}
