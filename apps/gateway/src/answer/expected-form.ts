import { type GeneratingEndpoint, generatingEndpoint } from '@foreman/ollama-client'
import type { JobRecord } from '@foreman/store'
import { readGeneration } from '../intake/read-generation.ts'
import { type StoredRequestOptions, withStoredRequest } from '../intake/stored-request.ts'
import type { Asked } from './caller-response.ts'

/** How a job's answer will look, as far as the job's request says. */
export interface ExpectedForm {
  readonly endpoint: GeneratingEndpoint
  readonly streaming: boolean
  readonly asked: Asked
  /** The answer will be a text. */
  readonly answersInText: boolean
}

/**
 * @returns undefined when the request is no longer kept, or when the target does not generate on its path
 * @throws Refusal with 503 when the request does not fit into memory now
 */
export const expectedForm = async (
  job: Pick<JobRecord, 'seq' | 'endpoint' | 'path' | 'model'>,
  options: StoredRequestOptions,
): Promise<ExpectedForm | undefined> => {
  const endpoint = generatingEndpoint(job.endpoint)
  if (!endpoint) return undefined
  return withStoredRequest(job.seq, options, async request => {
    if (!request) return undefined
    const generation = await readGeneration({ ...request, path: job.path }, endpoint)
    const streaming = generation !== undefined && generation.stream && !generation.isLoad
    const answersInText = generation?.answersInText ?? false
    return { endpoint, streaming, asked: { model: job.model, headers: {} }, answersInText }
  })
}
