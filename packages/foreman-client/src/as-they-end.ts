import { isEndState } from '@foreman/jobs'
import type { Job } from './types.ts'

/** How long one job is looked at while there are others that could have ended. */
const TURN_S = 5

export interface AsTheyEndOptions {
  /** Jobs looked at together. */
  readonly concurrency: number
  /** As long as one look may take. */
  readonly longestWaitS: number
  /** Shows a job, when it has ended or when the time is up. */
  readonly look: (id: string, waitS: number) => Promise<Job>
}

/** Each of these jobs once it has ended. A job that takes long keeps none from being seen: they take turns. */
export const asTheyEnd = async function* (
  ids: Iterable<string>,
  { concurrency, longestWaitS, look }: AsTheyEndOptions,
): AsyncGenerator<Job, void> {
  const waiting = [...new Set(ids)]
  const looks = new Map<string, Promise<[id: string, job: Job]>>()
  while (waiting.length > 0 || looks.size > 0) {
    for (const id of waiting.splice(0, concurrency - looks.size)) {
      const waitS = waiting.length > 0 ? TURN_S : longestWaitS
      looks.set(
        id,
        look(id, waitS).then(job => [id, job]),
      )
    }
    const [id, job] = await Promise.race(looks.values())
    looks.delete(id)
    if (isEndState(job.state)) yield job
    else waiting.push(id)
  }
}
