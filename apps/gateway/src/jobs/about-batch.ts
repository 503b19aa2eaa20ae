import { prospectFields, time } from '@foreman/job-view'
import { type BatchState, type JobProspect } from '@foreman/jobs'
import { type BatchRow, mayPass, type Store } from '@foreman/store'
import { sightOf, type Who } from '../access/roles.ts'
import type { Context } from '../context.ts'
import { problem } from '../http/refusal.ts'
import { whenAvailable } from '../http/when-available.ts'

export type OfBatch = { readonly id: string }

/** The batch with this id. Undefined: there is none, or it is another caller's. */
export const visibleBatch = async (
  id: string,
  who: Who,
  { batches }: Pick<Store, 'batches'>,
): Promise<BatchRow | undefined> => {
  const batch = await whenAvailable(() => batches.byId(id))
  // What may be revealed of it does not matter here: whoever sees anything sees that it is there.
  return batch && sightOf(who, batch.caller, 'off') !== 'nothing' ? batch : undefined
}

/** @throws Refusal with 404 when there is no such batch, or when it is another caller's */
export const findBatch = async (id: string, who: Who, store: Pick<Store, 'batches'>): Promise<BatchRow> => {
  const batch = await visibleBatch(id, who, store)
  if (!batch) throw problem(404, 'batch_not_found', `there is no batch ${id}`)
  return batch
}

/** A batch as it is shown to whoever may see it. */
export const describeBatch = async (
  batch: BatchRow,
  { batches }: Pick<Store, 'batches'>,
  lastQueued?: JobProspect & { readonly id: string },
): Promise<BatchState> => {
  const { refused, ...counts } = await whenAvailable(() => batches.counts(batch))
  const shown = Object.values(counts).reduce((sum, jobs) => sum + jobs, 0)
  const ended = counts.queued + counts.running === 0
  const finishedAt = ended ? await endOfBatch(batch, { batches }) : undefined
  return {
    id: batch.id,
    caller: batch.caller,
    created_at: time(batch.createdAt),
    counts: {
      ...counts,
      total: batch.jobs,
      ...(shown < batch.jobs && { deleted: batch.jobs - shown }),
      ...(refused > 0 && { refused }),
    },
    ended,
    ...(finishedAt !== undefined && { finished_at: time(finishedAt) }),
    ...(batch.cancelRequestedAt !== null && { cancel_requested: true }),
    ...(lastQueued && { last_queued: lastQueued }),
  }
}

/** When a batch ended whose jobs have. It is found out once; while that cannot be written down, it is left out. */
export const endOfBatch = async (
  batch: BatchRow,
  { batches }: Pick<Store, 'batches'>,
): Promise<number | undefined> => {
  if (batch.finishedAt !== null) return batch.finishedAt
  try {
    return await batches.noteEnd(batch)
  } catch (error) {
    if (mayPass(error)) return undefined
    throw error
  }
}

/** What is foretold of the queued job of a batch that came last: when it starts, the batch is nearly done. */
export const lastQueuedOf = async (
  batch: BatchRow,
  { store, forecaster }: Pick<Context, 'store' | 'forecaster'>,
): Promise<(JobProspect & { readonly id: string }) | undefined> => {
  const seq = await whenAvailable(() => store.batches.lastQueued(batch))
  const job = seq === undefined ? undefined : await whenAvailable(() => store.records.bySeq(seq))
  if (job?.state !== 'queued') return undefined
  const prospect = await whenAvailable(() => forecaster.of(job))
  return { id: job.id, ...prospectFields(prospect) }
}
