import type { Records } from '../../contract.ts'
import type { Connection } from '../connection.ts'
import { reads, steps } from '../verbs.ts'
import { prepareAhead, prepareDeadlinesUntil, prepareEnded, prepareQueued } from './counts.ts'
import { prepareById, prepareBySeq } from './job-record.ts'
import { prepareLineCounts, prepareSenderCounts } from './line-counts.ts'
import { prepareList } from './list.ts'
import { prepareLog } from './log.ts'
import { prepareLookBackAtJobs } from './look-back.ts'
import { prepareRefs } from './refs.ts'
import { prepareRequest, prepareRequestBytes, prepareRequestPart } from './request.ts'
import { prepareRunning } from './running.ts'

export const records = (connection: Connection): Records => ({
  bySeq: reads(prepareBySeq(connection)),
  byId: reads(prepareById(connection)),
  list: steps(prepareList(connection)),
  refs: steps(prepareRefs(connection)),
  lookBack: reads(prepareLookBackAtJobs(connection)),
  lineCounts: reads(prepareLineCounts(connection)),
  senderCounts: reads(prepareSenderCounts(connection)),
  ahead: reads(prepareAhead(connection)),
  running: reads(prepareRunning(connection)),
  queued: reads(prepareQueued(connection)),
  ended: reads(prepareEnded(connection)),
  deadlinesUntil: reads(prepareDeadlinesUntil(connection)),
  request: reads(prepareRequest(connection)),
  requestBytes: reads(prepareRequestBytes(connection)),
  requestPart: reads(prepareRequestPart(connection)),
  log: reads(prepareLog(connection)),
})
