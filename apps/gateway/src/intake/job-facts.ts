import {
  canonicalModelName,
  type GeneratingEndpoint,
  type GenerationRequest,
  loadOptionsOf,
} from '@foreman/ollama-client'
import type { NewJob } from '@foreman/store'

/** The columns of a job that are read from its request. */
export type JobFacts = Pick<NewJob, 'path' | 'endpoint' | 'model' | 'modelName' | 'loadOptions'>

/**
 * Reads from a request what the queue needs to know.
 *
 * @param path path and query as they go to the target
 */
export const jobFactsOf = (
  path: string,
  endpoint: GeneratingEndpoint,
  generation: GenerationRequest,
): JobFacts => {
  const { model } = generation
  return {
    path,
    endpoint: endpoint.path,
    model,
    modelName: canonicalModelName(model) ?? model,
    loadOptions: JSON.stringify(loadOptionsOf(generation)),
  }
}
