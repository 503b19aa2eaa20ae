import { gzipSync, zstdCompressSync } from 'node:zlib'
import type { Dice } from './dice.ts'
import type { Request } from './requests.ts'

/** Makes a packed request of a request. */
type Packing = (body: Buffer, dice: Dice) => { readonly encodings: readonly string[]; readonly body: Buffer }

/** Ollama unpacks no more than 20 MiB. */
const BOMB_BYTES = 64 * 1024 * 1024
const zstdBomb = (): Buffer => (bomb ??= zstdCompressSync(Buffer.alloc(BOMB_BYTES, ' ')))
let bomb: Buffer | undefined

const SKIPPABLE_FRAME = Buffer.from('502a4d1804000000abcdabcd', 'hex')
const MANY_FRAMES = 1_000

const halves = (body: Buffer, dice: Dice): [Buffer, Buffer] => {
  const at = dice.below(body.length + 1)
  return [body.subarray(0, at), body.subarray(at)]
}

const damaged = (packed: Buffer, dice: Dice): Buffer => {
  const changed = Buffer.from(packed)
  changed[dice.below(changed.length)]! ^= 1 + dice.below(255)
  return changed
}

const zstd = (body: Buffer) => ({ encodings: ['zstd'], body })

export const packings: Readonly<Record<string, Packing>> = {
  zstd: body => zstd(zstdCompressSync(body)),
  'two frames of zstd': (body, dice) =>
    zstd(Buffer.concat(halves(body, dice).map(half => zstdCompressSync(half)))),
  'a thousand empty frames of zstd': body =>
    zstd(
      Buffer.concat([
        ...Array.from({ length: MANY_FRAMES }, () => zstdCompressSync(Buffer.alloc(0))),
        zstdCompressSync(body),
      ]),
    ),
  'a frame of zstd that is skipped': body => zstd(Buffer.concat([SKIPPABLE_FRAME, zstdCompressSync(body)])),
  'zstd and more': body => zstd(Buffer.concat([zstdCompressSync(body), Buffer.from('more')])),
  'zstd that is cut': (body, dice) => zstd(halves(zstdCompressSync(body), dice)[0]),
  'zstd with a wrong byte': (body, dice) => zstd(damaged(zstdCompressSync(body), dice)),
  'a bomb of zstd': () => zstd(zstdBomb()),
  'a bomb of zstd behind the body': body => zstd(Buffer.concat([zstdCompressSync(body), zstdBomb()])),
  'zstd in zstd': body => ({ encodings: ['zstd', 'zstd'], body: zstdCompressSync(zstdCompressSync(body)) }),
  'zstd that is none': zstd,
  'zstd that calls itself gzip': body => ({ encodings: ['gzip'], body: zstdCompressSync(body) }),
  'zstd that says nothing': body => ({ encodings: [], body: zstdCompressSync(body) }),
  gzip: body => ({ encodings: ['gzip'], body: gzipSync(body) }),
  'gzip that calls itself zstd': body => zstd(gzipSync(body)),
  'gzip, then zstd': body => ({ encodings: ['gzip, zstd'], body: zstdCompressSync(gzipSync(body)) }),
  'an unknown coding': body => ({ encodings: ['rot13'], body }),
}

export const packed = ({ path, headers, body }: Request, packing: Packing, dice: Dice): Request => {
  const { encodings, body: packedBody } = packing(body, dice)
  const lines = encodings.map(encoding => ['Content-Encoding', encoding] as const)
  return { path, headers: [...headers, ...lines], body: packedBody }
}
