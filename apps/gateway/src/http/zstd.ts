import { createZstdDecompress } from 'node:zlib'

export class ZstdError extends Error {
  override readonly name = 'ZstdError'
  readonly code: 'broken' | 'too_large' | 'too_many_frames'

  constructor(code: ZstdError['code'], cause?: unknown) {
    super(code, { cause })
    this.code = code
  }
}

/** Programs send one frame. Each frame costs about half a millisecond, however short it is. */
export const MAX_FRAMES = 64
const CHUNK_BYTES = 64 * 1024

/**
 * Decompresses zstd as Go does: all frames, one after the other. Node's decompressor ends with the first frame.
 *
 * @throws ZstdError
 */
export const decompressZstd = async (bytes: Buffer, maxBytes: number): Promise<Buffer> => {
  const pieces: Buffer[] = []
  let length = 0
  let at = 0
  for (let frames = 0; at < bytes.byteLength; frames++) {
    if (frames === MAX_FRAMES) throw new ZstdError('too_many_frames')
    const frame = createZstdDecompress({ chunkSize: CHUNK_BYTES })
    frame.end(bytes.subarray(at))
    for await (const piece of piecesOf(frame)) {
      length += piece.byteLength
      if (length > maxBytes) throw new ZstdError('too_large')
      pieces.push(piece)
    }
    at += frame.bytesWritten
  }
  return Buffer.concat(pieces, length)
}

const piecesOf = async function* (frame: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  try {
    yield* frame
  } catch (error) {
    throw new ZstdError('broken', error)
  }
}
