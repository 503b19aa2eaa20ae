import type { BatchRow, Store } from '@foreman/store'
import type { Who } from '../access/roles.ts'
import { Refusal } from '../http/refusal.ts'
import { visibleBatch } from '../jobs/about-batch.ts'

/** @throws Refusal with 404 when there is no such batch of OpenAI's, or when it is another caller's */
export const findBatch = async (id: string, who: Who, store: Pick<Store, 'batches'>): Promise<BatchRow> => {
  const batch = await visibleBatch(id, who, store)
  if (batch?.endpoint) return batch
  throw new Refusal(404, `No batch found with id '${id}'.`)
}
