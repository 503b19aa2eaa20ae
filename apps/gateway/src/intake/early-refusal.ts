import { type GenerationRequest, isFamiliarVersion, objectionTo } from '@foreman/ollama-client'
import type { Store } from '@foreman/store'
import type { Target, TargetRefusal, TargetRequest } from '../direct/target.ts'
import type { ModelFacts } from './model-place.ts'

/** The part of a request that tells whether the target would refuse it. */
export type Demands = Pick<GenerationRequest, 'flaw' | 'needs'>

/** Whether the target would refuse a request at once, as far as foreman knows. */
export const isLikelyRefused = (demands: Demands, { place, capabilities }: ModelFacts): boolean =>
  place === 'refused' || (place === 'local' && objectionTo(demands, capabilities) !== undefined)

export interface Suspect extends Omit<TargetRequest, 'method'> {
  readonly demands: Demands
  readonly model: string
  readonly place: ModelFacts['place']
}

export interface EarlyRefusalOptions {
  readonly store: Pick<Store, 'catalogue' | 'target'>
  readonly target: Pick<Target, 'capabilitiesOf' | 'refusal'>
}

/**
 * Gets the target's refusal of a request that it likely refuses. The target loads nothing for it: it is asked first what
 * the model can do now, because the catalogue may be some seconds old.
 *
 * @returns undefined in doubt, when the target does not refuse the request, or when it is away
 * @throws the reason of the signal when that aborts
 */
export const earlyRefusal = async (
  { demands, model, place, ...request }: Suspect,
  { store, target }: EarlyRefusalOptions,
): Promise<TargetRefusal | undefined> => {
  const question = { ...request, method: 'POST' }
  if (place === 'refused') return target.refusal(question, [400, 404])
  if (!(await isFamiliarTarget(store))) return undefined
  const capabilities = demands.flaw === undefined ? await target.capabilitiesOf(model) : []
  const objection = objectionTo(demands, capabilities)
  return objection && target.refusal(question, [400, 404, objection.status])
}

/** Whether the target is there, in a version of which foreman knows what it refuses. */
const isFamiliarTarget = async ({ catalogue, target }: EarlyRefusalOptions['store']): Promise<boolean> => {
  const [{ state }, snapshot] = await Promise.all([target.read(), catalogue.snapshot('/api/version')])
  const version = versionIn(snapshot?.body)
  return state === 'up' && version !== undefined && isFamiliarVersion(version)
}

const versionIn = (body: Buffer | undefined): string | undefined => {
  if (!body) return undefined
  try {
    const { version }: { version?: unknown } = JSON.parse(body.toString())
    return typeof version === 'string' ? version : undefined
  } catch {
    return undefined
  }
}
