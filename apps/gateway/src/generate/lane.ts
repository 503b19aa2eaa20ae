import { type Demands, isLikelyRefused } from '../intake/early-refusal.ts'
import type { ModelFacts } from '../intake/model-place.ts'
import type { QueueableRequest } from './read-request.ts'

/**
 * The way of a request. `queue`: it becomes a job. `direct`: it is forwarded. `target_decides`: the target likely refuses
 * it, so it is forwarded, and becomes a job if the target does not refuse it.
 */
export type Lane = 'queue' | 'direct' | 'target_decides'

/** The part of a request that decides about its lane. */
export interface LaneRequest extends Pick<QueueableRequest, 'isBackground' | 'outlivesCaller'> {
  readonly generation: Demands
}

/**
 * A remote model needs no turn, because it takes no memory of the target. A request for it becomes a job only if the
 * caller wants one: a background job, or one that runs on when the caller leaves.
 */
export const laneFor = (
  model: ModelFacts,
  { generation, isBackground, outlivesCaller }: LaneRequest,
): Lane => {
  if (isLikelyRefused(generation, model)) return 'target_decides'
  return model.place === 'remote' && !isBackground && !outlivesCaller ? 'direct' : 'queue'
}
