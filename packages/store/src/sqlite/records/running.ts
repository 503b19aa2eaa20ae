import type { RunningJob } from '../../values.ts'
import type { Connection } from '../connection.ts'
import { asc } from '../drizzle.ts'
import { inState } from '../in-state.ts'
import { jobs } from '../schema.ts'

export const prepareRunning = ({ db }: Connection) => {
  const { groupKey, modelName, startedAt, startReason, account, sender } = jobs
  const select = db
    .select({ groupKey, modelName, startedAt, startReason, account, sender })
    .from(jobs)
    .where(inState('running'))
    .orderBy(asc(jobs.seq))
    .prepare()

  return (): RunningJob[] => select.all().map(job => ({ ...job, startedAt: job.startedAt ?? 0 }))
}
