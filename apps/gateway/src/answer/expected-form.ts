import { type GeneratingEndpoint, generatingEndpoint } from '@foreman/ollama-client'
import { type JobRecord, type Store, wholeBody } from '@foreman/store'
import { readGeneration } from '../intake/read-generation.ts'
import type { Asked } from './caller-response.ts'

/** How a job's answer will look, as far as the job's request says. */
export interface ExpectedForm {
  readonly endpoint: GeneratingEndpoint
  readonly streaming: boolean
  readonly asked: Asked
}

/** @returns undefined when the request is no longer kept, or when the target does not generate on its path */
export const expectedForm = async (
  job: Pick<JobRecord, 'seq' | 'endpoint' | 'path' | 'model'>,
  { records }: Store,
): Promise<ExpectedForm | undefined> => {
  const endpoint = generatingEndpoint(job.endpoint)
  const request = records.request(job.seq)
  const body = request && (await wholeBody(records, { ...request, seq: job.seq }))
  if (!endpoint || !body) return undefined
  const generation = await readGeneration({ path: job.path, headers: request.headers, body }, endpoint)
  const streaming = generation !== undefined && generation.stream && !generation.isLoad
  return { endpoint, streaming, asked: { model: job.model, headers: {} } }
}
