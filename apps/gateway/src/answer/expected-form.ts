import { type GeneratingEndpoint, generatingEndpoint, readGenerationRequest } from '@foreman/ollama-client'
import type { JobRecord, Store } from '@foreman/store'
import { decodedBody } from '../http/decoded-body.ts'
import type { Asked } from './caller-response.ts'

/** How a job's answer will look, as far as the job's request says. */
export interface ExpectedForm {
  readonly endpoint: GeneratingEndpoint
  readonly streaming: boolean
  readonly asked: Asked
}

/** @returns undefined when the request is no longer kept, or when the target does not generate on its path */
export const expectedForm = async (
  { seq, endpoint: path, model }: Pick<JobRecord, 'seq' | 'endpoint' | 'model'>,
  store: Store,
): Promise<ExpectedForm | undefined> => {
  const endpoint = generatingEndpoint(path)
  const request = store.records.request(seq)
  if (!endpoint || !request) return undefined
  const encoding = request.headers.find(([name]) => name.toLowerCase() === 'content-encoding')?.[1]
  const generation = readGenerationRequest(
    await decodedBody(request.body, encoding, endpoint.dialect),
    endpoint,
  )
  const streaming = generation !== undefined && generation.stream && !generation.isLoad
  return { endpoint, streaming, asked: { model, headers: {} } }
}
