import type { Transform } from 'node:stream'
import zlib from 'node:zlib'
import { EncodingError } from '../errors.ts'
import type { Exchange } from '../exchange.ts'
import { AnswerBody } from './body.ts'
import { type AnswerHeaders, contentCodings } from './pieces.ts'

/** More codings on top of each other than any server uses. */
const MAX_CODINGS = 3

// Each gives out what it has when the bytes end early. Whether the answer is complete, its last piece says.
const gunzip = (): Transform => zlib.createGunzip({ finishFlush: zlib.constants.Z_SYNC_FLUSH })
const decoders: Readonly<Record<string, () => Transform>> = {
  gzip: gunzip,
  'x-gzip': gunzip,
  deflate: () => zlib.createInflate({ finishFlush: zlib.constants.Z_SYNC_FLUSH }),
  br: () => zlib.createBrotliDecompress({ finishFlush: zlib.constants.BROTLI_OPERATION_FLUSH }),
  // Node has it from 22.15 on.
  ...('createZstdDecompress' in zlib && {
    zstd: () => zlib.createZstdDecompress({ finishFlush: zlib.constants.ZSTD_e_flush }),
  }),
}

/**
 * Unpacks an answer that came compressed although the request asked for no compression. Its body and its headers are
 * then as if it had never been packed. An answer in a coding that is not known here stays as it is, with its
 * `Content-Encoding`.
 *
 * The body fails with an EncodingError when its bytes are not what `Content-Encoding` says.
 */
export const unpackAnswer = (exchange: Exchange): Exchange => {
  const chain = decodersFor(exchange.headers)
  if (chain.length === 0) return exchange
  return {
    ...exchange,
    headers: exchange.headers.filter(([name]) => !/^content-(encoding|length)$/i.test(name)),
    body: unpacked(exchange.body, chain),
  }
}

/** @returns none when the answer is not packed, or in a way that is not known here */
const decodersFor = (headers: AnswerHeaders): Transform[] => {
  const codings = contentCodings(headers)
  if (codings.length > MAX_CODINGS || codings.some(coding => !Object.hasOwn(decoders, coding))) return []
  // The coding that was applied last comes off first.
  return codings.toReversed().map(coding => decoders[coding]!())
}

/** As `AnswerBody` does, it gives out all that arrived before the connection broke off, and only then the failure. */
const unpacked = (packed: Exchange['body'], chain: readonly Transform[]): AnswerBody => {
  const last = chain.at(-1)!
  const body = new AnswerBody(last, () => {
    for (const stream of [packed, ...chain]) stream.destroy()
  })
  let failure: Error | undefined
  packed.once('error', error => {
    failure = error
    chain[0]!.end()
  })
  last.prependOnceListener('end', () => failure && body.breakOff(failure))
  for (const decoder of chain)
    decoder.on('error', cause => {
      body.breakOff(
        failure ?? new EncodingError('the answer is not what its Content-Encoding says', { cause }),
      )
    })
  chain.reduce<NodeJS.ReadableStream>((source, decoder) => source.pipe(decoder), packed)
  return body
}
