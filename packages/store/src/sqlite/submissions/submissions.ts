import type { Submissions } from '../../contract.ts'
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
  const submit = prepareSubmit(connection, changes, jobOfKey)
  return {
    hasJob: reads(({ caller, key, now }) => jobOfKey(caller, key, now)?.hasLetGo === false),
    enqueue: writes.verb(([submission]) => durabilityOfNew(submission), submit),
    arrivals: arrivals(connection, writes, submit),
    cancel: writes.verb(([job]) => durabilityOf(job), prepareCancel(connection, changes)),
    change: writes.verb(([job]) => durabilityOf(job), prepareChange(connection)),
    delivered: writes.lazy(prepareDelivered(connection)),
  }
}
