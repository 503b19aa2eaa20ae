import type { Readable } from 'node:stream'

/** Reads a body to its end. Undefined when it has more bytes than that: it is destroyed then. */
export const readUpTo = async (maxBytes: number, body: Readable): Promise<Buffer | undefined> => {
  const chunks: Buffer[] = []
  let bytes = 0
  // Leaving the loop destroys the body.
  for await (const chunk of body as AsyncIterable<Buffer>) {
    bytes += chunk.byteLength
    if (bytes > maxBytes) return undefined
    chunks.push(chunk)
  }
  return Buffer.concat(chunks)
}
