import {
  type GeneratingEndpoint,
  type GenerationRequest,
  readFormRequest,
  readGenerationRequestInSteps,
} from '@foreman/ollama-client'
import type { StoredRequest } from '@foreman/store'
import { decodedBody, isEncoded } from '../http/decoded-body.ts'
import { Refusal } from '../http/refusal.ts'
import { inSlices } from '../http/slices.ts'

export interface RequestToRead extends Pick<StoredRequest, 'headers' | 'body'> {
  /** Path and query. */
  readonly path: string
}

/**
 * Reads a generating request as the target will read it.
 *
 * @returns undefined when the target will refuse the request
 * @throws Refusal when the target could perhaps read the request, but foreman cannot
 */
export const readGeneration = async (
  request: RequestToRead,
  endpoint: GeneratingEndpoint,
): Promise<GenerationRequest | undefined> => {
  if (endpoint.request === 'form') return readForm(request)
  const { headers, body } = request
  const decoded = await decodedBody(body, headers, endpoint)
  const generation = await inSlices(readGenerationRequestInSteps(decoded, endpoint))
  // The target may know a coding that foreman does not know.
  if (!generation && decoded === body && isEncoded(headers))
    throw new Refusal(415, 'foreman cannot read a body with this Content-Encoding')
  return generation
}

/** @throws Refusal for every form that cannot become a job: the target could find a model where foreman finds none */
const readForm = async ({ path, headers, body }: RequestToRead): Promise<GenerationRequest> => {
  const contentType = headers.find(([name]) => name.toLowerCase() === 'content-type')?.[1] ?? ''
  const generation = await readFormRequest({ path, contentType, body })
  if (generation === 'unreadable') throw new Refusal(400, 'failed to parse multipart form')
  if (generation === 'no_model') throw new Refusal(400, 'model is required')
  return generation
}
