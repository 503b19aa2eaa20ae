import type { BatchRow } from '@foreman/store'
import type { Who } from '../access/roles.ts'
import type { Context } from '../context.ts'
import { TimeSlice } from '../http/slices.ts'
import { whenAvailable } from '../http/when-available.ts'
import { whenWritable } from '../intake/when-writable.ts'
import { noteIntervention } from './intervention.ts'

/** Cancels the jobs of a batch in steps, between which others are served. What an operator does to others is written down. */
export const cancelJobsOf = async (
  batch: BatchRow,
  who: Who,
  { store, now, jobTtlMs }: Pick<Context, 'store' | 'now' | 'jobTtlMs'>,
): Promise<void> => {
  const { queued, running } = await whenAvailable(() => store.batches.counts(batch))
  if (queued + running === 0) return
  await noteIntervention({ store, now }, 'cancel', batch, who)
  const slice = new TimeSlice()
  for (let after: number | undefined = 0; after !== undefined;) {
    const from: number = after
    const ending = { now: now(), ttlMs: jobTtlMs }
    after = await whenWritable(() => store.batches.cancel(batch, from, ending))
    if (after !== undefined) await slice.rest()
  }
}
