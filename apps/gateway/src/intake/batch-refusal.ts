import { Refusal } from '../http/refusal.ts'

/** A batch is refused because of one of its jobs. */
export class BatchRefusal extends Error {
  override readonly name = 'BatchRefusal'
  /** Which job of the batch, from 0. */
  readonly index: number
  readonly refusal: Refusal

  constructor(index: number, refusal: Refusal) {
    super(refusal.message)
    this.index = index
    this.refusal = refusal
  }
}

/**
 * Does something for one job of a batch.
 *
 * @throws BatchRefusal instead of a Refusal
 */
export const forJobOfBatch = async <T>(index: number, act: () => T | Promise<T>): Promise<T> => {
  try {
    return await act()
  } catch (error) {
    throw error instanceof Refusal ? new BatchRefusal(index, error) : error
  }
}
