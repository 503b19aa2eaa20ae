import type { Flaw } from './flaws.ts'
import type { GenerationRequest } from './generation-request.ts'
import type { Capability } from './needs.ts'

/** Why Ollama would refuse a request before the request waits for a model. */
export interface Objection {
  readonly status: Flaw
  /** What the model cannot do. Undefined: Ollama refuses the request whatever the model. */
  readonly lacks?: Capability
}

/**
 * Decides whether Ollama would refuse a request at once.
 *
 * @param capabilities what `/api/show` says that the model can do. Empty or undefined: it is not known
 * @returns undefined when Ollama would take the request, and in doubt
 */
export const objectionTo = (
  { flaw, needs }: Pick<GenerationRequest, 'flaw' | 'needs'>,
  capabilities: readonly string[] = [],
): Objection | undefined => {
  // Some versions generate images with a model of which they say only that.
  if (capabilities.includes('image')) return undefined
  if (flaw !== undefined) return { status: flaw }
  const lacks = capabilities.length === 0 ? undefined : needs.find(need => !capabilities.includes(need))
  return lacks === undefined ? undefined : { status: 400, lacks }
}

/** From 0.24 to 0.33, with their pre-releases. */
const FAMILIAR = /^0\.(?:2[4-9]|3[0-3])\.\d+(?:-|$)/

/** Whether `objectionTo` knows what a server of this version refuses. */
export const isFamiliarVersion = (version: string): boolean => FAMILIAR.test(version)
