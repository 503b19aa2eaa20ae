import type { Connection } from '../connection.ts'
import { and, eq, exists, sql } from '../drizzle.ts'
import type { Changes } from '../log/changes.ts'
import { jobLog, jobs } from '../schema.ts'
import { afterLoss } from './after-loss.ts'
import type { EndRun } from './finish.ts'
import type { RequeueRun } from './release.ts'

/** How many jobs of a dead worker were requeued, and how many ended. */
export interface Recovery {
  readonly requeued: number
  readonly failed: number
  readonly cancelled: number
}

interface RequeueLostParts {
  readonly changes: Changes
  readonly endRun: EndRun
  readonly requeueRun: RequeueRun
}

export const prepareRequeueLost = (
  connection: Connection,
  { changes, endRun, requeueRun }: RequeueLostParts,
) => {
  const { db } = connection
  const selectRunning = db
    .select({
      seq: jobs.seq,
      token: jobs.claimToken,
      attempt: jobs.attempt,
      lostCount: jobs.lostCount,
      runsAlone: jobs.runsAlone,
      answerAttempt: jobs.answerAttempt,
      cancelRequestedAt: jobs.cancelRequestedAt,
      streaming: jobs.streaming,
      hasOutput: exists(
        db
          .select({ one: sql`1` })
          .from(jobLog)
          .where(and(eq(jobLog.jobSeq, jobs.seq), eq(jobLog.attempt, jobs.attempt), eq(jobLog.kind, 'body'))),
      ),
    })
    .from(jobs)
    .where(eq(jobs.state, sql`'running'`))
    .prepare()
  const isOfSeq = eq(jobs.seq, sql.placeholder('seq'))
  const countLoss = db
    .update(jobs)
    .set({ lostCount: sql`${jobs.lostCount} + 1` })
    .where(isOfSeq)
    .prepare()
  const setRunsAlone = db.update(jobs).set({ runsAlone: true }).where(isOfSeq).prepare()

  return (now: number, ttlMs: number): Recovery =>
    connection.write('full', () => {
      const count = { requeued: 0, failed: 0, cancelled: 0 }
      const lost = selectRunning.all()
      for (const job of lost) {
        const { seq, attempt } = job
        const run = { seq, attempt, token: job.token ?? '' }
        // A job that runs alone had no neighbour, whatever else the file calls running.
        const wasAlone = lost.length === 1 || job.runsAlone
        if (wasAlone) countLoss.run({ seq })
        else setRunsAlone.run({ seq })
        changes.record(run, { type: 'lost', attempt }, now)
        const end = afterLoss({ ...job, wasAlone, hasOutput: Number(job.hasOutput) === 1 })
        if (end === undefined) {
          requeueRun(run, { code: 'worker_lost', spent: false }, now)
          count.requeued++
        } else {
          endRun(run, end, now, ttlMs)
          count[end.state === 'cancelled' ? 'cancelled' : 'failed']++
        }
      }
      return count
    })
}
