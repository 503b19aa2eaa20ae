import type { GroupKeyOf, NewJob, Submitted } from '../../values.ts'
import type { Founding } from '../batches/founding.ts'
import { prepareModel } from '../catalogue.ts'
import type { Connection } from '../connection.ts'
import { eq, given } from '../drizzle.ts'
import type { Changes } from '../log/changes.ts'
import { arrivals, jobs } from '../schema.ts'
import { prepareInsertJob } from './insert-job.ts'
import type { JobOfKey } from './job-of-key.ts'
import { prepareTakePlace } from './take-place.ts'

export interface Submission {
  readonly jobs: readonly NewJob[]
  readonly groupKeyOf: GroupKeyOf
  readonly now: number
  readonly arrival?: number
  /** The batch of which the jobs are a part, by its `seq`. */
  readonly batch?: number | undefined
}

export interface SubmitParts {
  readonly changes: Changes
  readonly jobOfKey: JobOfKey
  readonly founding: Founding
}

export type Submit = ReturnType<typeof prepareSubmit>

/** Inserts jobs, or finds the jobs that their idempotency keys already have. The caller opens the transaction. */
export const prepareSubmit = (connection: Connection, { changes, jobOfKey, founding }: SubmitParts) => {
  const insert = prepareInsertJob(connection, changes, founding)
  const takePlace = prepareTakePlace(connection)
  const model = prepareModel(connection)
  // The submission of a job with a key may be repeated after the key has gone to another job.
  const selectSeq = connection.sqlite.prepare('SELECT seq FROM jobs WHERE id = +?').pluck()
  const removeKey = connection.db
    .update(jobs)
    .set({ idempotencyKey: null, requestHash: null })
    .where(eq(jobs.seq, given('seq')))
    .prepare()
  // If the process that wrote the arrival was only frozen, it cannot accept the arrival any more.
  const removeArrival = connection.db
    .delete(arrivals)
    .where(eq(arrivals.id, given('id')))
    .prepare()

  /** Computed within the transaction: a job that came in by older knowledge would be missed by `regroup`. */
  const groupKeys = (groupKeyOf: GroupKeyOf) => {
    // A batch of ten thousand jobs names few models.
    const known = new Map<string, string>()
    return ({ model: written, modelName, loadOptions }: NewJob): string => {
      const facts = `${modelName} ${loadOptions}`
      const groupKey =
        known.get(facts) ??
        groupKeyOf({ model: written, modelName, loadOptions, loading: model(modelName)?.loading })
      known.set(facts, groupKey)
      return groupKey
    }
  }

  return ({ jobs: all, groupKeyOf, now, arrival, batch }: Submission): Submitted[] => {
    const groupKeyOfJob = groupKeys(groupKeyOf)
    return all.map(job => {
      const { id, idempotency } = job
      const own = idempotency && (selectSeq.get(id) as number | undefined)
      if (own !== undefined) return { seq: own, id, isReplayed: false }
      const keyed = idempotency && jobOfKey(job.caller, idempotency, now)
      if (keyed && !keyed.hasLetGo) return { seq: keyed.seq, id: keyed.id, isReplayed: true }
      if (keyed) removeKey.run({ seq: keyed.seq })
      if (keyed && keyed.arrival !== null) removeArrival.run({ id: keyed.arrival })
      const kept = takePlace(job, now)
      const place = { groupKey: groupKeyOfJob(job), now, arrival, batch, kept }
      return { ...insert(job, place), isReplayed: false }
    })
  }
}
