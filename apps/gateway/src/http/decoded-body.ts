import type { Dialect } from '@foreman/ollama-client'
import { promisify } from 'node:util'
import { zstdDecompress } from 'node:zlib'

const decompress = promisify(zstdDecompress)

/** Ollama's own limit for what it unpacks. */
const DECODED_BYTES = 20 * 1024 * 1024

/**
 * The body as the target will read it: on the routes that are not its own, Ollama unpacks zstd.
 *
 * @returns the body as it is when it cannot be unpacked: the target will say so
 */
export const decodedBody = async (
  body: Buffer,
  encoding: string | undefined,
  { name }: Dialect,
): Promise<Buffer> => {
  if (encoding?.toLowerCase() !== 'zstd' || name === 'native') return body
  try {
    return await decompress(body, { maxOutputLength: DECODED_BYTES })
  } catch {
    return body
  }
}
