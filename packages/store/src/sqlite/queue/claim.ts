import { BrokenJobError } from '../../errors.ts'
import type { Claim, Claimed, ClaimRequest } from '../../values.ts'
import { withJob } from '../broken-job.ts'
import type { Connection } from '../connection.ts'
import { and, asc, eq, given, sql, value } from '../drizzle.ts'
import { inState } from '../in-state.ts'
import { isHeaderPairs } from '../json-shapes.ts'
import type { Changes } from '../log/changes.ts'
import { jobRequests, jobs, target } from '../schema.ts'
import { type NextOfLine, prepareNextOfLine } from './next-of-line.ts'

type JobRow = typeof jobs.$inferSelect

/** Claims jobs of one line. The caller opens the transaction. */
export const prepareClaim = (connection: Connection, changes: Changes) => {
  const { db } = connection
  const nextOfLine = prepareNextOfLine(connection)
  const claimOf = prepareClaimOf(connection)
  const setRunning = db
    .update(jobs)
    .set({
      state: 'running',
      attempt: sql`${jobs.attempt} + 1`,
      claimToken: value('token'),
      lastToken: value('token'),
      startedAt: value('now'),
      startReason: value('reason'),
      behindModel: value('behindModel'),
      behindSince: value('behindSince'),
      tokens: null,
    })
    .where(and(eq(jobs.seq, given('seq')), inState('queued')))
    .returning()
    .prepare()
  const setTurn = db
    .update(target)
    .set({ turnGroupKey: value('groupKey'), turnStartedAt: value('startedAt') })
    .prepare()

  const claimOne = ({ seq }: NextOfLine, request: ClaimRequest, now: number): Claim => {
    const { token, reason, behind } = request
    const [behindModel, behindSince] = [behind?.model ?? null, behind?.since ?? null]
    const job = setRunning.get({ seq, token, now, reason, behindModel, behindSince })
    if (!job) throw new Error(`job ${seq} is not queued`)
    const claim = claimOf(job)
    const { attempt } = job
    if (attempt > 1) changes.record(job, { type: 'reset', attempt }, now)
    changes.record(job, { type: 'started', attempt, reason }, now)
    return claim
  }

  const claimAll = (request: ClaimRequest, now: number): Claimed => {
    const { upTo, isIdle } = request
    const claims: Claim[] = []
    while (claims.length < upTo) {
      const next = nextOfLine(request)
      if (!next) break
      if (next.runsAlone && !(isIdle && claims.length === 0)) return { claims, awaited: next.seq }
      try {
        // In a savepoint: what goes wrong with this job leaves it queued, and the others claimed.
        claims.push(withJob(next.seq, () => connection.write('normal', () => claimOne(next, request, now))))
      } catch (error) {
        if (error instanceof BrokenJobError) return { claims, broken: error }
        throw error
      }
      if (next.runsAlone) break
    }
    return { claims }
  }

  return (request: ClaimRequest, now: number): Claimed => {
    const claimed = claimAll(request, now)
    if (claimed.claims.length > 0)
      setTurn.run({ groupKey: request.groupKey, startedAt: request.turnStartedAt })
    return claimed
  }
}

export const prepareClaimed = (connection: Connection) => {
  const claimOf = prepareClaimOf(connection)
  const select = connection.db
    .select()
    .from(jobs)
    .where(and(inState('running'), eq(jobs.claimToken, given('token'))))
    .orderBy(asc(jobs.seq))
    .prepare()

  return (token: string): Claim[] => connection.read(() => select.all({ token }).map(claimOf))
}

/** Makes a claim of the row of a job that runs. */
const prepareClaimOf = ({ db }: Connection) => {
  const selectRequest = db
    .select()
    .from(jobRequests)
    .where(eq(jobRequests.jobSeq, given('seq')))
    .prepare()

  return (job: JobRow): Claim => {
    const { seq, claimToken } = job
    const request = selectRequest.get({ seq })
    if (!request) throw new Error(`job ${seq} has no request`)
    const { headers, body, parts } = request
    if (!isHeaderPairs(headers)) throw new Error(`the headers of job ${seq} are no list of pairs`)
    return { ...job, token: claimToken ?? '', headers, body, parts }
  }
}
