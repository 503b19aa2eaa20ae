import { type GroupFacts, type NewJob, openStore, type Store } from '@foreman/store'
import fs from 'node:fs'
import { newJob } from './new-job.ts'
import { BATCH, GROUPS, PROMPT } from './rates.ts'

const groupKeyOf = ({ loadOptions }: Pick<GroupFacts, 'loadOptions'>): string => `plain ${loadOptions}`

const loadOptionsAt = (at: number): string => JSON.stringify({ num_ctx: 1_000 + (at % GROUPS) })

/** The group of the job at this place of a filled queue. */
export const groupAt = (at: number): string => groupKeyOf({ loadOptions: loadOptionsAt(at) })

/**
 * Fills a queue with jobs of many groups: their models load with different options.
 *
 * @param differing what else differs between the jobs
 */
export const fill = async (
  store: Store,
  count: number,
  differing: (at: number) => Partial<NewJob> = () => ({}),
): Promise<void> => {
  const body = Buffer.from(JSON.stringify({ model: 'plain', prompt: PROMPT, options: { num_predict: 1 } }))
  for (let first = 0; first < count; first += BATCH) {
    const jobs = Array.from({ length: Math.min(BATCH, count - first) }, (_, at) =>
      newJob({
        loadOptions: loadOptionsAt(first + at),
        body,
        ...differing(first + at),
      }),
    )
    await store.submissions.enqueue({ jobs, groupKeyOf, now: Date.now() })
  }
}

/** Fills a queue that nobody has open, and waits until it is on the disk: writing it there must not disturb what is measured. */
export const fillFile = async (
  file: string,
  count: number,
  differing?: (at: number) => Partial<NewJob>,
): Promise<void> => {
  const store = await openStore(file, { role: 'worker' })
  await fill(store, count, differing)
  await store.close()
  const descriptor = fs.openSync(file, 'r')
  fs.fsyncSync(descriptor)
  fs.closeSync(descriptor)
}

/** How much of its disk a queue takes. */
export const usedBytes = (store: Store): number => {
  const { room } = store.state()
  if (room === 'unknown') throw new Error('the size of the queue is unknown')
  return room.usedBytes
}
