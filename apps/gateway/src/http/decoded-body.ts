import type { Dialect } from '@foreman/ollama-client'
import { promisify } from 'node:util'
import { zstdDecompress } from 'node:zlib'

const decompress = promisify(zstdDecompress)

/** Ollama decompresses no more than this. */
const MAX_DECODED_BYTES = 20 * 1024 * 1024

/**
 * The body as the target will read it: on the OpenAI and Anthropic routes, Ollama decompresses zstd.
 *
 * @returns the unchanged body when it cannot be decompressed. The target will refuse it.
 */
export const decodedBody = async (
  body: Buffer,
  encoding: string | undefined,
  { name }: Dialect,
): Promise<Buffer> => {
  if (encoding?.toLowerCase() !== 'zstd' || name === 'native') return body
  try {
    return await decompress(body, { maxOutputLength: MAX_DECODED_BYTES })
  } catch {
    return body
  }
}
