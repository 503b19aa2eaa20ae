import type { BatchRow } from '@foreman/store'
import type { Context } from '../context.ts'
import { TimeSlice } from '../http/slices.ts'
import { whenWritable } from '../intake/when-writable.ts'

/** Cancels the jobs of a batch in steps, between which others are served. */
export const cancelJobsOf = async (
  batch: BatchRow,
  { store, now, jobTtlMs }: Pick<Context, 'store' | 'now' | 'jobTtlMs'>,
): Promise<void> => {
  const slice = new TimeSlice()
  for (let after: number | undefined = 0; after !== undefined;) {
    const from: number = after
    const ending = { now: now(), ttlMs: jobTtlMs }
    after = await whenWritable(() => store.batches.cancel(batch, from, ending))
    if (after !== undefined) await slice.rest()
  }
}
