import type { GeneratingEndpoint } from '@foreman/ollama-client'
import type { HeaderPairs } from '@foreman/store'
import { Refusal } from './refusal.ts'
import { Slots } from './slots.ts'
import { MAX_FRAMES, decompressZstd, ZstdError } from './zstd.ts'

/** Ollama decompresses no more than this. */
const MAX_DECODED_BYTES = 20 * 1024 * 1024
/** A body of a few bytes can become the longest one. */
const AT_ONCE = 2
const slots = new Slots(AT_ONCE)

type ReadingEndpoint = Pick<GeneratingEndpoint, 'dialect' | 'request'>

/**
 * The body as the target will read it. Ollama decompresses zstd on the OpenAI and Anthropic routes, and looks only at the
 * first `Content-Encoding`, which must be `zstd` in lower case. It takes every other body as it is.
 *
 * @throws Refusal for a body that cannot be decompressed, because it could be one that the target can decompress
 */
export const decodedBody = async (
  body: Buffer,
  headers: HeaderPairs,
  endpoint: ReadingEndpoint,
): Promise<Buffer> => {
  if (!isZstd(headers, endpoint)) return body
  const giveBack = await slots.take()
  try {
    return await decompressZstd(body, MAX_DECODED_BYTES)
  } catch (error) {
    throw error instanceof ZstdError ? refusalOf(error) : error
  } finally {
    giveBack()
  }
}

/** Whether the target decompresses the body of a request. It reads a form as it is. */
export const isZstd = (headers: HeaderPairs, { dialect, request }: ReadingEndpoint): boolean =>
  dialect.name !== 'native' && request !== 'form' && contentEncodingOf(headers) === 'zstd'

/** Whether a request says that its body is encoded. */
export const isEncoded = (headers: HeaderPairs): boolean =>
  !['', 'identity'].includes(contentEncodingOf(headers)?.toLowerCase() ?? '')

/** The first `Content-Encoding`: Go reads no other. */
const contentEncodingOf = (headers: HeaderPairs): string | undefined =>
  headers.find(([name]) => name.toLowerCase() === 'content-encoding')?.[1]

const refusalOf = (cause: ZstdError): Refusal => {
  switch (cause.code) {
    case 'broken':
      return new Refusal(400, 'the request body is not valid zstd', { cause })
    case 'too_large':
      return new Refusal(413, `the decompressed request body is larger than ${MAX_DECODED_BYTES} bytes`, {
        cause,
      })
    case 'too_many_frames':
      return new Refusal(400, `the request body has more than ${MAX_FRAMES} zstd frames`, { cause })
  }
}
