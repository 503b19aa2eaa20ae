import type { Records } from '../../contract.ts'
import type { Connection } from '../connection.ts'
import { reads, steps } from '../verbs.ts'
import { prepareEnded, preparePosition, prepareQueued } from './counts.ts'
import { prepareById, prepareBySeq } from './job-record.ts'
import { prepareList } from './list.ts'
import { prepareLog } from './log.ts'
import { prepareRequest, prepareRequestBytes, prepareRequestPart } from './request.ts'

export const records = (connection: Connection): Records => ({
  bySeq: reads(prepareBySeq(connection)),
  byId: reads(prepareById(connection)),
  list: steps(prepareList(connection)),
  position: reads(preparePosition(connection)),
  queued: reads(prepareQueued(connection)),
  ended: reads(prepareEnded(connection)),
  request: reads(prepareRequest(connection)),
  requestBytes: reads(prepareRequestBytes(connection)),
  requestPart: reads(prepareRequestPart(connection)),
  log: reads(prepareLog(connection)),
})
