import type { JobConditions } from '../../values.ts'

/** The condition whose index leads to the jobs. */
type Leader = 'batch' | 'state' | 'caller' | 'modelName'

/** How jobs are found. */
export interface FoundBy {
  /** Undefined: one job after the other is looked at. */
  readonly leader: Leader | undefined
  /** Whether no job is looked at in vain, or at most some thousands. */
  readonly isDirect: boolean
}

/**
 * How the jobs of these conditions are found. To look at one job after the other takes half as long as to find each by an index
 * and then to look at it, so an index leads only where it leads to few. Most jobs have succeeded.
 */
export const foundBy = (conditions: JobConditions): FoundBy => {
  const { batch, state, priority, priorityOtherThan, errorCode, metadata } = conditions
  if (batch !== undefined) return { leader: 'batch', isDirect: true }
  if (state === 'running') return { leader: 'state', isDirect: true }
  const indexed = (['state', 'caller', 'modelName'] as const).filter(name => conditions[name] !== undefined)
  const others = [priority, priorityOtherThan, errorCode, metadata].filter(each => each !== undefined)
  const isDirect = indexed.length <= 1 && others.length === 0
  if (isDirect) return { leader: indexed[0], isDirect }
  const isRare = state !== undefined && state !== 'succeeded'
  return { leader: isRare ? 'state' : undefined, isDirect }
}
