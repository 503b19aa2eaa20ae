import type { NewJob } from '../values.ts'
import type { Connection, Durability } from './connection.ts'

/**
 * How durable a job has to be that comes in. A caller that waits for its answer loses its connection in a power cut, and so
 * all that it was promised. What was handed over must be there afterwards.
 */
export const durabilityOfNew = ({ jobs }: { readonly jobs: readonly NewJob[] }): Durability =>
  jobs.every(({ gateway }) => gateway !== undefined) ? 'normal' : 'full'

/** Says how durable a change of a job has to be. */
export const prepareDurabilityOf = ({ sqlite }: Connection) => {
  const selectIsWaitedFor = sqlite.prepare('SELECT gateway IS NOT NULL FROM jobs WHERE seq = +?').pluck()

  return ({ seq }: { readonly seq: number | undefined }): Durability =>
    seq !== undefined && selectIsWaitedFor.get(seq) === 1 ? 'normal' : 'full'
}
