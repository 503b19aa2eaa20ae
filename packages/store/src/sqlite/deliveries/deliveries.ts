import type { Deliveries } from '../../contract.ts'
import type { Connection } from '../connection.ts'
import { reads, steps, type Writes } from '../verbs.ts'
import { prepareBacklogs, prepareDue } from './due.ts'
import { prepareList, prepareLookBackAtMessages, prepareRefs } from './list.ts'
import { attemptsReader, prepareById, prepareOfJob } from './read.ts'
import { prepareRecord } from './record.ts'
import { prepareRedeliver } from './redeliver.ts'
import { prepareReschedule } from './reschedule.ts'

export const deliveries = (connection: Connection, writes: Writes): Deliveries => ({
  backlogs: reads(prepareBacklogs(connection)),
  due: reads(prepareDue(connection)),
  reschedule: prepareReschedule(connection, writes),
  record: writes.verb('normal', prepareRecord(connection)),
  byId: reads(prepareById(connection)),
  ofJob: steps(prepareOfJob(connection)),
  list: steps(prepareList(connection)),
  refs: steps(prepareRefs(connection)),
  lookBack: reads(prepareLookBackAtMessages(connection)),
  attempts: reads(attemptsReader(connection)),
  redeliver: writes.verb('full', prepareRedeliver(connection)),
})
