import type { GroupKeyOf, Store } from '@foreman/store'
import { newJob } from './new-job.ts'
import { BATCH, GROUPS, PROMPT } from './rates.ts'

const groupKeyOf: GroupKeyOf = ({ loadOptions }) => `plain ${loadOptions}`

/** Fills a queue with jobs of many groups: their models load with different options. */
export const fill = async (store: Store, count: number): Promise<void> => {
  const body = Buffer.from(JSON.stringify({ model: 'plain', prompt: PROMPT, options: { num_predict: 1 } }))
  for (let first = 0; first < count; first += BATCH) {
    const jobs = Array.from({ length: Math.min(BATCH, count - first) }, (_, at) =>
      newJob({ loadOptions: JSON.stringify({ num_ctx: 1_000 + ((first + at) % GROUPS) }), body }),
    )
    await store.submissions.enqueue({ jobs, groupKeyOf, now: Date.now() })
  }
}

/** How much of its disk a queue takes. */
export const usedBytes = (store: Store): number => {
  const { room } = store.state()
  if (room === 'unknown') throw new Error('the size of the queue is unknown')
  return room.usedBytes
}
