import {
  type GeneratingEndpoint,
  type GenerationRequest,
  readGenerationRequestInSteps,
} from '@foreman/ollama-client'
import type { StoredRequest } from '@foreman/store'
import { decodedBody, isEncoded } from '../http/decoded-body.ts'
import { Refusal } from '../http/refusal.ts'
import { inSlices } from '../http/slices.ts'

/**
 * Reads a generating request as the target will read it.
 *
 * @returns undefined when the target will refuse the request
 * @throws Refusal when the target could perhaps read the request, but foreman cannot
 */
export const readGeneration = async (
  { headers, body }: Pick<StoredRequest, 'headers' | 'body'>,
  endpoint: GeneratingEndpoint,
): Promise<GenerationRequest | undefined> => {
  const decoded = await decodedBody(body, headers, endpoint)
  const generation = await inSlices(readGenerationRequestInSteps(decoded, endpoint))
  // The target may know a coding that foreman does not know.
  if (!generation && decoded === body && isEncoded(headers))
    throw new Refusal(415, 'foreman cannot read a body with this Content-Encoding')
  return generation
}
