import { type Memory, serve } from '@foreman/scheduling'

/** What the order of arrival would have in memory: the groups of the jobs that came last, the newest first. */
export type LastGroups = Memory

export interface Fit {
  /** How many groups the target can have in memory at a time. */
  readonly fits: number
  /** How long a load of a group takes. */
  readonly loadMsOf: (groupKey: string) => number
}

export interface Arrived {
  readonly groups: LastGroups
  /** How long the load would have taken. Undefined: there would have been none. */
  readonly loadMs: number | undefined
}

/**
 * Whether a server that serves in the order of arrival would load a model for this job. Ollama itself lets requests for the
 * loaded model pass others, and so needs somewhat fewer loads.
 */
export const arrive = (groupKey: string, groups: LastGroups, { fits, loadMsOf }: Fit): Arrived => {
  const { memory, isLoad } = serve(groupKey, groups, fits)
  return { groups: memory, loadMs: isLoad ? loadMsOf(groupKey) : undefined }
}
