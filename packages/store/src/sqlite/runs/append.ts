import { JobLostError } from '../../errors.ts'
import type { Output, Run } from '../../values.ts'
import type { Connection } from '../connection.ts'
import type { LogWriter } from '../log/log-writer.ts'
import { ensureClaimed } from './run.ts'

export type Append = ReturnType<typeof prepareAppend>

/** Appends output to the log of a job. The caller opens the transaction. */
export const prepareAppend = ({ sqlite }: Connection, log: LogWriter) => {
  // Without Drizzle for speed: this runs for each piece of each answer.
  const selectClaimed = sqlite
    .prepare(
      `SELECT coalesce((SELECT id FROM job_log
           WHERE job_seq = jobs.seq AND attempt = +? AND kind <> 'event' ORDER BY id DESC LIMIT 1), 0)
         FROM jobs WHERE seq = +? AND claim_token = +? AND state = 'running'`,
    )
    .pluck()

  return (run: Run, { after, head, body = [] }: Output): number => {
    const last = selectClaimed.get(run.attempt, run.seq, run.token) as number | undefined
    ensureClaimed(run, last !== undefined)
    if (last! > after) return last!
    if (last! < after) throw new JobLostError(`the log of job ${run.seq} has lost what the run appended`)
    const headId = head && log.head(run, head)
    return log.body(run, body) ?? headId ?? after
  }
}
