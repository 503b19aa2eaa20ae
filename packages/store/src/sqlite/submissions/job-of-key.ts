import { isEndState, isFinal } from '@foreman/jobs'
import { KeyInUseError, KeyReusedError } from '../../errors.ts'
import type { IdempotencyKey, JobRef } from '../../values.ts'
import type { Connection } from '../connection.ts'
import { and, eq, given } from '../drizzle.ts'
import { arrivals, jobs } from '../schema.ts'
import { isArriving } from './is-arriving.ts'

/** The job whose row has an idempotency key. */
export interface KeyedJob extends JobRef {
  /** Whether it ended, but not for good. Then the next request with the key gets a new job. */
  readonly hasLetGo: boolean
  /** The arrival that the job is part of. It is stale: whoever wrote it is gone. Null: the job is accepted. */
  readonly arrival: number | null
}

export type JobOfKey = ReturnType<typeof prepareJobOfKey>

/** Finds the job of an idempotency key. KeyReusedError means that the key belongs to a different request. */
export const prepareJobOfKey = ({ db }: Connection) => {
  const select = db
    .select({
      seq: jobs.seq,
      id: jobs.id,
      state: jobs.state,
      statusCode: jobs.statusCode,
      requestHash: jobs.requestHash,
      arrival: jobs.arrival,
      touchedAt: arrivals.touchedAt,
    })
    .from(jobs)
    .leftJoin(arrivals, eq(arrivals.id, jobs.arrival))
    .where(and(eq(jobs.caller, given('caller')), eq(jobs.idempotencyKey, given('key'))))
    .prepare()

  return (caller: string, { key, hash }: IdempotencyKey, now: number): KeyedJob | undefined => {
    const job = select.get({ caller, key })
    if (!job) return undefined
    const { seq, id, state, requestHash, arrival, touchedAt } = job
    if (arrival !== null) {
      if (isArriving(touchedAt, now)) throw new KeyInUseError('the jobs of the key are still being written')
      return { seq, id, arrival, hasLetGo: true }
    }
    if (isEndState(state) && !isFinal(job)) return { seq, id, arrival, hasLetGo: true }
    if (!requestHash?.equals(hash)) throw new KeyReusedError('the key belongs to another request')
    return { seq, id, arrival, hasLetGo: false }
  }
}
