import type { ChoiceReason } from '@foreman/jobs'
import { randomUUID } from 'node:crypto'
import { withJob } from '../broken-job.ts'
import type { Connection } from '../connection.ts'
import { and, eq, sql, value } from '../drizzle.ts'
import { isHeaderPairs } from '../json-shapes.ts'
import type { Changes } from '../log/changes.ts'
import { jobRequests, jobs, target } from '../schema.ts'
import type { Claim } from './claim.ts'
import type { NextOfGroup } from './next-of-group.ts'

export const prepareClaimNext = (connection: Connection, changes: Changes, nextOfGroup: NextOfGroup) => {
  const { db } = connection
  const claim = db
    .update(jobs)
    .set({
      state: 'running',
      attempt: sql`${jobs.attempt} + 1`,
      claimToken: value('token'),
      startedAt: value('now'),
      tokens: null,
    })
    .where(and(eq(jobs.seq, sql.placeholder('seq')), eq(jobs.state, 'queued')))
    .returning()
    .prepare()
  const selectRequest = db
    .select()
    .from(jobRequests)
    .where(eq(jobRequests.jobSeq, sql.placeholder('seq')))
    .prepare()
  const setTurn = db
    .update(target)
    .set({ turnGroupKey: value('groupKey'), turnStartedAt: value('startedAt') })
    .prepare()

  return (
    groupKey: string,
    reason: ChoiceReason,
    turnStartedAt: number,
    now: number,
    awaited?: number,
  ): Claim | undefined =>
    connection.write('normal', () => {
      const seq = nextOfGroup(groupKey, awaited)?.seq
      if (seq === undefined) return undefined
      return withJob(seq, () => {
        const token = randomUUID()
        const job = claim.get({ seq, token, now })
        const request = selectRequest.get({ seq })
        if (!job || !request) throw new Error(`job ${seq} has no request`)
        if (!isHeaderPairs(request.headers)) throw new Error(`the headers of job ${seq} are no list of pairs`)
        setTurn.run({ groupKey, startedAt: turnStartedAt })
        const { attempt } = job
        if (attempt > 1) changes.record(job, { type: 'reset', attempt }, now)
        changes.record(job, { type: 'started', attempt, reason }, now)
        const { headers, body, parts } = request
        return { ...job, token, headers, body, parts }
      })
    })
}
