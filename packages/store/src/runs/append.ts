import type { Connection } from '../connection.ts'
import type { ResponseHead } from '../log/log-rows.ts'
import type { LogWriter } from '../log/log-writer.ts'
import type { ClaimedJob } from './claimed-job.ts'
import { ensureClaimed, type Run } from './run.ts'

interface Output {
  readonly head?: ResponseHead
  readonly body?: Uint8Array | readonly Uint8Array[]
}

export const prepareAppend =
  (connection: Connection, log: LogWriter, claimedJob: ClaimedJob) =>
  (run: Run, { head, body }: Output): void => {
    connection.write('normal', () => {
      ensureClaimed(run, claimedJob(run) !== undefined)
      if (head) log.head(run, head)
      for (const piece of [body ?? []].flat()) log.body(run, piece)
    })
  }
