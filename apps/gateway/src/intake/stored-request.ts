import { type Store, type StoredRequest, wholeBody } from '@foreman/store'
import type { BodyMemory } from '../http/body-memory.ts'
import type { Refusal } from '../http/refusal.ts'

export interface StoredRequestOptions {
  readonly store: Pick<Store, 'records'>
  readonly bodyMemory: BodyMemory
}

/** The request of a job with its whole body. */
export type WholeRequest = Pick<StoredRequest, 'headers' | 'body' | 'webhook'>

/**
 * Reads the request of a job from the file, and uses it. Until `use` is over, its body counts like one that a caller sends:
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
  const request = records.request(seq)
  if (!request) return use(undefined)
  let refusal: Refusal | undefined
  const share = bodyMemory.open(why => (refusal = why))
  try {
    share.add(request.parts === 0 ? request.body.byteLength : records.requestBytes(seq))
    if (refusal) throw refusal
    share.complete()
    const body = await wholeBody(records, { ...request, seq })
    return await use(body && { ...request, body })
  } finally {
    share.release()
  }
}
