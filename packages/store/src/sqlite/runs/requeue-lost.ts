import { INTERNAL_ERROR, type JobState } from '@foreman/jobs'
import { afterLoss } from '../../after-loss.ts'
import { BrokenJobError } from '../../errors.ts'
import type { Ending, Finish, Recovery, Run } from '../../values.ts'
import { withJob } from '../broken-job.ts'
import type { Connection } from '../connection.ts'
import { and, eq, exists, given, sql } from '../drizzle.ts'
import { inState } from '../in-state.ts'
import type { Changes } from '../log/changes.ts'
import { jobLog, jobs } from '../schema.ts'
import type { EndRun } from './finish.ts'
import type { RequeueRun } from './release.ts'
import { ensureClaimed } from './run.ts'

const BROKEN = { ...INTERNAL_ERROR, state: 'failed', answerAttempt: null } as const satisfies Finish

interface RequeueLostParts {
  readonly changes: Changes
  readonly endRun: EndRun
  readonly requeueRun: RequeueRun
}

/** Recovers the jobs of a dead worker. The caller opens the transaction. */
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
          .where(
            and(eq(jobLog.jobSeq, jobs.seq), eq(jobLog.attempt, jobs.attempt), eq(jobLog.kind, sql`'body'`)),
          ),
      ),
    })
    .from(jobs)
    .where(inState('running'))
    .prepare()
  const isOfSeq = eq(jobs.seq, given('seq'))
  const countLoss = db
    .update(jobs)
    .set({ lostCount: sql`${jobs.lostCount} + 1` })
    .where(isOfSeq)
    .prepare()
  const setRunsAlone = db.update(jobs).set({ runsAlone: true }).where(isOfSeq).prepare()

  type Lost = ReturnType<typeof selectRunning.all>[number]

  const recover = (job: Lost, run: Run, wasAlone: boolean, ending: Ending): JobState => {
    const { seq, attempt } = run
    const { now } = ending
    if (wasAlone) countLoss.run({ seq })
    else setRunsAlone.run({ seq })
    changes.record(run, { type: 'lost', attempt }, now)
    const end = afterLoss({ ...job, wasAlone, hasOutput: Number(job.hasOutput) === 1 })
    const isHeld = end
      ? endRun(run, end, ending)
      : requeueRun(run, { code: 'worker_lost', spent: false }, now)
    ensureClaimed(run, isHeld)
    return end?.state ?? 'queued'
  }

  return (ending: Ending): Recovery => {
    const states: JobState[] = []
    const broken: BrokenJobError[] = []
    /** Does what it can for one job, in a savepoint. Its failure must not keep the worker from taking over. */
    const attempt = (seq: number, act: () => JobState): boolean => {
      try {
        states.push(withJob(seq, () => connection.write('full', act)))
        return true
      } catch (error) {
        if (!(error instanceof BrokenJobError)) throw error
        broken.push(error)
        return false
      }
    }
    const lost = selectRunning.all()
    for (const job of lost) {
      const { seq } = job
      const run = { seq, attempt: job.attempt, token: job.token ?? '' }
      // A job that runs alone had no neighbour, whatever else the file calls running.
      const wasAlone = lost.length === 1 || job.runsAlone
      if (attempt(seq, () => recover(job, run, wasAlone, ending))) continue
      attempt(seq, () => {
        ensureClaimed(run, endRun(run, BROKEN, ending))
        return BROKEN.state
      })
    }
    const count = (state: JobState): number => states.filter(other => other === state).length
    return { requeued: count('queued'), failed: count('failed'), cancelled: count('cancelled'), broken }
  }
}
