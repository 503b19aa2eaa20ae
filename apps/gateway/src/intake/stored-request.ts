import { type KeptRequest, type Store, wholeBody } from '@foreman/store'
import type { BodyMemory } from '../http/body-memory.ts'
import type { Refusal } from '../http/refusal.ts'

export interface StoredRequestOptions {
  readonly store: Pick<Store, 'records'>
  readonly bodyMemory: BodyMemory
}

/** The request of a job with its whole body. */
export type WholeRequest = Pick<KeptRequest, 'headers' | 'body' | 'webhook'>

/**
 * Reads the request of a job from the queue, and uses it. Until `use` is over, its body counts like one that a caller sends:
 * many requests for long bodies would otherwise fill the memory.
 *
 * @param use is called with undefined when the request is no longer kept
 * @throws Refusal with 503 when it is the largest of more bodies than fit into memory
 */
export const withStoredRequest = async <T>(
  seq: number,
  { store: { records }, bodyMemory }: StoredRequestOptions,
  use: (request: WholeRequest | undefined) => Promise<T>,
): Promise<T> => {
  const request = await records.request(seq)
  if (!request) return use(undefined)
  const bytes = request.parts === 0 ? request.body.byteLength : await records.requestBytes(seq)
  let refusal: Refusal | undefined
  const share = bodyMemory.open(why => (refusal = why))
  try {
    share.add(bytes)
    if (refusal) throw refusal
    share.complete()
    const body = await wholeBody(records, { ...request, seq })
    return await use(body && { ...request, body })
  } finally {
    share.release()
  }
}
