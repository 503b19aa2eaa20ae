import { zstdCompressSync } from 'node:zlib'
import { expect, test } from 'vitest'
import { MAX_FRAMES, decompressZstd } from './zstd.ts'

const MAX_BYTES = 1024 * 1024
const packed = (text: string) => zstdCompressSync(Buffer.from(text))
const SKIPPABLE = Buffer.from('\x50\x2a\x4d\x18\x03\0\0\0abc', 'latin1')

test.each<[what: string, bytes: Buffer, text: string]>([
  ['one frame', packed('hello'), 'hello'],
  ['several frames', Buffer.concat([packed('he'), packed('l'), packed('lo')]), 'hello'],
  ['an empty frame first', Buffer.concat([packed(''), packed('hello')]), 'hello'],
  [
    'skippable frames',
    Buffer.concat([SKIPPABLE, packed('hel'), SKIPPABLE, packed('lo'), SKIPPABLE]),
    'hello',
  ],
  ['no frame', Buffer.alloc(0), ''],
  ['a frame of the longest size', packed('x'.repeat(MAX_BYTES)), 'x'.repeat(MAX_BYTES)],
])('%s is decompressed', async (_, bytes, text) => {
  expect((await decompressZstd(bytes, MAX_BYTES)).toString()).toBe(text)
})

test.each<[what: string, bytes: Buffer, code: string]>([
  ['other bytes', Buffer.from('{"model":"plain"}'), 'broken'],
  ['a frame with other bytes behind it', Buffer.concat([packed('hello'), Buffer.from('x')]), 'broken'],
  ['half a frame', packed('hello').subarray(0, -3), 'broken'],
  ['half a second frame', Buffer.concat([packed('hello'), packed('hello').subarray(0, -3)]), 'broken'],
  ['a frame that is too long', packed('x'.repeat(MAX_BYTES + 1)), 'too_large'],
  [
    'frames that are too long together',
    Buffer.concat([packed('x'.repeat(MAX_BYTES)), packed('x')]),
    'too_large',
  ],
  [
    'too many frames',
    Buffer.concat(Array.from({ length: MAX_FRAMES + 1 }, () => packed('x'))),
    'too_many_frames',
  ],
])('%s: an error', async (_, bytes, code) => {
  await expect(decompressZstd(bytes, MAX_BYTES)).rejects.toMatchObject({ name: 'ZstdError', code })
})
