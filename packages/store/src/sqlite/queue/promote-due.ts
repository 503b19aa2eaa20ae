import type { Queue } from '../../contract.ts'
import type { Connection } from '../connection.ts'
import { and, asc, atMost, isNotNull } from '../drizzle.ts'
import { inState } from '../in-state.ts'
import { jobs } from '../schema.ts'
import { dueNow, hasCome, presentValues } from '../stored-time.ts'
import { reads, type Writes } from '../verbs.ts'

export const preparePromoteDue = ({ db }: Connection, writes: Writes): Queue['promoteDue'] => {
  const isDelayed = and(inState('queued'), isNotNull(jobs.availableAt))
  const selectNextDue = db
    .select({ availableAt: jobs.availableAt })
    .from(jobs)
    .where(isDelayed)
    .orderBy(asc(jobs.availableAt))
    .limit(atMost(1))
    .prepare()
  const promote = db
    .update(jobs)
    .set({ availableAt: null })
    .where(and(isDelayed, dueNow(jobs.availableAt)))
    .prepare()
  const nextDue = reads(() => selectNextDue.get()?.availableAt ?? undefined)

  return async ({ now, maxDelayMs }) => {
    const present = { now, horizonMs: maxDelayMs }
    const due = await nextDue()
    if (due === undefined || !hasCome(due, present)) return due
    await writes.write('normal', () => promote.run(presentValues(present)))
    return nextDue()
  }
}
