import type { ModelPlace } from '../intake/model-place.ts'
import type { QueueableRequest } from './read-request.ts'

/**
 * The way of a request. `queue`: it becomes a job. `direct`: it is forwarded. `target_decides`: it is forwarded, and
 * becomes a job if the target does not refuse it.
 */
export type Lane = 'queue' | 'direct' | 'target_decides'

/**
 * A remote model needs no turn, because it takes no memory of the target. A request for it becomes a job only if the
 * caller wants one: a background job, or one that runs on when the caller leaves.
 */
export const laneFor = (
  place: ModelPlace,
  { isBackground, outlivesCaller }: Pick<QueueableRequest, 'isBackground' | 'outlivesCaller'>,
): Lane => {
  if (place === 'refused') return 'target_decides'
  return place === 'remote' && !isBackground && !outlivesCaller ? 'direct' : 'queue'
}
