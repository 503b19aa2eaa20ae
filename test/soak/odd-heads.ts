import { brotliCompressSync, deflateSync, gzipSync, zstdCompressSync } from 'node:zlib'
import {
  bodyOf,
  chunk,
  CHUNKED,
  dribbles,
  elsewhere,
  type GoodAnswer,
  headOf,
  isSilent,
  LAST_CHUNK,
  lengthOf,
  type OddKind,
  once,
  openChunks,
  pours,
  refused,
  repeated,
  says,
  saysThen,
  timedOut,
  typeOf,
  whole,
} from './odd-answer.ts'

/** The good answer with its length, behind more lines or another status line. */
const withLines = (good: GoodAnswer, lines: readonly string[], status?: string): (string | Buffer)[] => {
  const body = bodyOf(good)
  return [headOf([typeOf(good), ...lines, lengthOf(body)], status), body]
}

const withHead = (allowed: OddKind['allowed'], lines: readonly string[], status?: string): OddKind =>
  says(allowed, good => withLines(good, lines, status))

/** The good answer behind these lines alone. */
const withFraming = (allowed: OddKind['allowed'], lines: (body: Buffer) => readonly string[]): OddKind =>
  says(allowed, good => [headOf([typeOf(good), ...lines(bodyOf(good))]), bodyOf(good)])

const packedBy = (name: string, pack: (body: Buffer) => Buffer): OddKind =>
  says(once, good => {
    const body = pack(bodyOf(good))
    return [headOf([typeOf(good), `Content-Encoding: ${name}`, lengthOf(body)]), body]
  })

const provisional = (status: string): string => `HTTP/1.1 ${status}\r\n\r\n`

const LONG_HEADER = 20_000
const HUGE_HEADER = 900_000
const TOO_LONG_HEADER = 3_000_000
const MANY_HEADERS = 1_900
const BOMB_BYTES = 64 * 1024 * 1024
const OWN_ORIGIN = '/api/chat'

let bomb: Buffer | undefined
const gzipBomb = (): Buffer => (bomb ??= gzipSync(Buffer.alloc(BOMB_BYTES, ' ')))

/** What is odd in front of the body. */
export const oddHeads: Readonly<Record<string, OddKind>> = {
  'nothing odd': withHead(whole, []),
  'early hints': says(whole, good => [provisional('103 Early Hints\r\nLink: </a>'), ...withLines(good, [])]),
  'many provisional heads': says(whole, good => [
    provisional('102 Processing').repeat(20),
    ...withLines(good, []),
  ]),
  'no framing': withFraming(whole, () => ['Connection: close']),
  'HTTP/1.0': withHead(whole, [], 'HTTP/1.0 200 OK'),
  'HTTP/1.0 without a length': says(whole, good => [headOf([typeOf(good)], 'HTTP/1.0 200 OK'), bodyOf(good)]),
  'no reason': withHead(whole, [], 'HTTP/1.1 200'),
  'a strange reason': withHead(once, [], 'HTTP/1.1 200 a\u0001b'),
  'a reason of many bytes': withHead(whole, [], `HTTP/1.1 200 ${'r'.repeat(LONG_HEADER)}`),
  'status 000': withHead(once, [], 'HTTP/1.1 000 Odd'),
  'status 099': withHead(once, [], 'HTTP/1.1 099 Odd'),
  'status 299': withHead(whole, [], 'HTTP/1.1 299 Odd'),
  'status 999': withHead(once, [], 'HTTP/1.1 999 Odd'),
  'HTTP/2.0': withHead(once, [], 'HTTP/2.0 200 OK'),
  'no head at all': says(once, good => [bodyOf(good)]),
  'an alert of TLS': says(once, () => [Buffer.from('15030300020246', 'hex')]),
  'a banner of SSH': says(once, () => ['SSH-2.0-OpenSSH_9.6\r\n']),
  'empty lines before the head': says(once, good => ['\r\n\r\n', ...withLines(good, [])]),
  'lines that end with LF': says(once, good => [
    headOf([typeOf(good), lengthOf(bodyOf(good))]).replaceAll('\r\n', '\n'),
    bodyOf(good),
  ]),
  'a folded header': withHead(once, ['X-Folded: one', '  two']),
  'a header without a colon': withHead(once, ['no header']),
  'a header without a name': withHead(once, [': nameless']),
  'a nameless header of blanks': withHead(once, ['X Y : nameless']),
  'bytes above 0x7f in a header': withHead(whole, ['X-Bytes: \u00e4\u00ff']),
  'a control character in a header': withHead(once, ['X-Control: a\u0001b']),
  'a long header': withHead(whole, [`X-Long: ${'l'.repeat(LONG_HEADER)}`]),
  'huge headers': withHead(whole, [`X-Huge: ${'h'.repeat(HUGE_HEADER)}`]),
  'headers that are too large': withHead(once, [`X-Huge: ${'h'.repeat(TOO_LONG_HEADER)}`]),
  'many headers': withHead(
    whole,
    Array.from({ length: MANY_HEADERS }, (_, at) => `X-${at}: y`),
  ),
  'endless headers': saysThen(
    once,
    () => ['HTTP/1.1 200 OK\r\n'],
    pours(Buffer.from(`X-Endless: ${'e'.repeat(LONG_HEADER)}\r\n`)),
  ),
  'a head byte by byte': {
    allowed: whole,
    answer: dribbles(good => Buffer.concat(withLines(good, []).map(part => Buffer.from(part)))),
  },
  'a length and chunks': says(once, good => [
    headOf([typeOf(good), lengthOf(bodyOf(good)), CHUNKED]),
    chunk(bodyOf(good)),
    LAST_CHUNK,
  ]),
  'two lengths': withFraming(once, body => [lengthOf(body), lengthOf(body, 1)]),
  'a negative length': withFraming(once, () => ['Content-Length: -1']),
  'a length that is no number': withFraming(once, () => ['Content-Length: many']),
  'a transfer coding that nobody knows': withFraming(once, () => ['Transfer-Encoding: rot13']),
  'chunks in gzip': says(once, good => [
    headOf([typeOf(good), 'Transfer-Encoding: gzip, chunked']),
    chunk(gzipSync(bodyOf(good))),
    LAST_CHUNK,
  ]),
  'an answer in gzip': packedBy('gzip', gzipSync),
  'an answer in deflate': packedBy('deflate', deflateSync),
  'an answer in br': packedBy('br', brotliCompressSync),
  'an answer in zstd': packedBy('zstd', zstdCompressSync),
  'gzip that is none': packedBy('gzip', body => body),
  'gzip that is cut': packedBy('gzip', body => gzipSync(body).subarray(0, -9)),
  'a bomb of gzip': packedBy('gzip', gzipBomb),
  'a coding that nobody knows': packedBy('rot13', body => body),
  'an odd content type': says(once, good => [
    headOf(['Content-Type: ;;;', lengthOf(bodyOf(good))]),
    bodyOf(good),
  ]),
  'no content type': says(once, good => [headOf([lengthOf(bodyOf(good))]), bodyOf(good)]),
  'an HTML page': says(once, () => [headOf(['Content-Type: text/html', 'Content-Length: 3']), '<p>']),
  'a redirect to its own path': withHead(
    refused,
    [`Location: ${OWN_ORIGIN}`],
    'HTTP/1.1 307 Temporary Redirect',
  ),
  'a redirect to another host': withHead(
    elsewhere,
    ['Location: http://127.0.0.1:9/api/chat'],
    'HTTP/1.1 302 Found',
  ),
  'a redirect without a place': withHead(refused, [], 'HTTP/1.1 301 Moved Permanently'),
  'links that lead past foreman': withHead(whole, [
    'Content-Location: http://127.0.0.1:9/a',
    'Refresh: 0; url=http://127.0.0.1:9/',
    'Link: <http://127.0.0.1:9/>; rel=next',
    'Set-Cookie: a=b; Domain=127.0.0.1',
  ]),
  'another protocol': says(repeated, () => [
    headOf(['Connection: Upgrade', 'Upgrade: websocket'], 'HTTP/1.1 101 Switching Protocols'),
  ]),
  '204': says(once, () => [headOf([], 'HTTP/1.1 204 No Content')]),
  '205': says(once, () => [headOf(['Content-Length: 0'], 'HTTP/1.1 205 Reset Content')]),
  '206': withHead(once, ['Content-Range: bytes 0-1/9'], 'HTTP/1.1 206 Partial Content'),
  '304': says(once, () => [headOf([], 'HTTP/1.1 304 Not Modified')]),
  'a head that never ends': saysThen(timedOut, () => ['HTTP/1.1 200 OK\r\nX-Half'], isSilent),
  'a good answer in chunks': says(whole, good => [openChunks(good), LAST_CHUNK]),
}
