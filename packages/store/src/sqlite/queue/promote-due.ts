import type { Queue } from '../../contract.ts'
import type { Connection } from '../connection.ts'
import { and, isNotNull } from '../drizzle.ts'
import { inState } from '../in-state.ts'
import { jobs } from '../schema.ts'
import { dueNow, hasCome, presentValues } from '../stored-time.ts'
import { reads, type Writes } from '../verbs.ts'

export const preparePromoteDue = ({ db, sqlite }: Connection, writes: Writes): Queue['promoteDue'] => {
  const isDelayed = and(inState('queued'), isNotNull(jobs.availableAt))
  // Without Drizzle for speed: this runs at each look of the worker.
  const selectNextDue = sqlite
    .prepare(
      `SELECT available_at FROM jobs
       WHERE state = 'queued' AND available_at IS NOT NULL ORDER BY available_at LIMIT 1`,
    )
    .pluck()
  const promote = db
    .update(jobs)
    .set({ availableAt: null })
    .where(and(isDelayed, dueNow(jobs.availableAt)))
    .prepare()
  const nextDue = reads(() => selectNextDue.get() as number | undefined)

  return async ({ now, maxDelayMs }) => {
    const present = { now, horizonMs: maxDelayMs }
    const due = await nextDue()
    if (due === undefined || !hasCome(due, present)) return due
    await writes.write('normal', () => promote.run(presentValues(present)))
    return nextDue()
  }
}
