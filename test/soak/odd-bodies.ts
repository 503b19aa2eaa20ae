import {
  type Allowed,
  bodyOf,
  chunk,
  CHUNKED,
  dribbles,
  type GoodAnswer,
  headOf,
  isReset,
  isSilent,
  LAST_CHUNK,
  lengthOf,
  type OddKind,
  ofProxy,
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

const LONG_EXTENSION = 10_000
const LEVELS = 100_000
const HUGE_BYTES = 8_000_000
const POURED_BYTES = 64 * 1024

/** Another body with the content type of the good one. */
const instead = (allowed: Allowed, body: (good: GoodAnswer) => Buffer | string): OddKind =>
  says(allowed, good => {
    const bytes = Buffer.from(body(good))
    return [headOf([typeOf(good), lengthOf(bytes)]), bytes]
  })

/** JSON as the route would send it, as a piece of a stream or as all of it. */
const asPiece = ({ contentType }: GoodAnswer, json: string): string => {
  if (/event-stream/.test(contentType)) return `data: ${json}\n\n`
  return /ndjson/.test(contentType) ? `${json}\n` : json
}

/** The good answer with a first field that is as long, or as deep, as this. */
const withField = (value: string): OddKind =>
  instead(whole, good => {
    const text = bodyOf(good).toString('latin1')
    const at = text.indexOf('{') + 1
    return Buffer.from(`${text.slice(0, at)}"added":${value},${text.slice(at)}`, 'latin1')
  })

const withoutLast = (good: GoodAnswer): Buffer[] =>
  good.pieces.length > 1 ? good.pieces.slice(0, -1) : [bodyOf(good).subarray(0, -9)]

const error = (good: GoodAnswer): string => asPiece(good, '{"error":"the runner has died"}')

const answers = (allowed: Allowed, status: string, body: string, lines: readonly string[] = []): OddKind =>
  says(allowed, () => {
    const type = body.startsWith('<') ? 'text/html' : 'application/json'
    return [
      headOf([`Content-Type: ${type}`, lengthOf(Buffer.from(body)), ...lines], `HTTP/1.1 ${status}`),
      body,
    ]
  })

const PAGE = '<html><h1>Bad Gateway</h1></html>'
const OLLAMAS = '{"error":"too busy"}'

/** What is odd in the body. */
export const oddBodies: Readonly<Record<string, OddKind>> = {
  'a chunk for each byte': says(whole, good => [
    openChunks(
      good,
      [...bodyOf(good)].map(byte => Buffer.of(byte)),
    ),
    LAST_CHUNK,
  ]),
  'a body byte by byte': {
    allowed: whole,
    answer: dribbles(good => Buffer.concat([openChunks(good), Buffer.from(LAST_CHUNK)])),
  },
  'chunk extensions': says(whole, good => [
    headOf([typeOf(good), CHUNKED]),
    chunk(bodyOf(good), `;${'e'.repeat(LONG_EXTENSION)}`),
    LAST_CHUNK,
  ]),
  'endless chunk extensions': saysThen(
    once,
    good => [headOf([typeOf(good), CHUNKED]), '1;'],
    pours(Buffer.alloc(POURED_BYTES, 'e')),
  ),
  trailers: says(whole, good => [openChunks(good), '0\r\nX-Trailer: 1\r\n\r\n']),
  'a chunk size that is no number': says(once, good => [
    openChunks(good, withoutLast(good)),
    'five\r\nhello\r\n',
  ]),
  'a chunk size beyond all numbers': says(once, good => [
    openChunks(good, withoutLast(good)),
    `${'f'.repeat(17)}\r\n`,
  ]),
  'a length that is too small': says(once, good => [
    headOf([typeOf(good), 'Content-Length: 9']),
    bodyOf(good),
  ]),
  'no body': instead(once, () => ''),
  blanks: instead(once, () => '   \n'),
  'an object without a name': instead(once, good => asPiece(good, '{}')),
  'a list': instead(once, good => asPiece(good, '[]')),
  null: instead(once, good => asPiece(good, 'null')),
  'nameless models': instead(once, good =>
    asPiece(good, '{"models":[{},{"name":null},{"name":7},null,[]],"version":7}'),
  ),
  'models that are no list': instead(once, good => asPiece(good, '{"models":{"name":"plain"},"version":{}}')),
  'values of other types': instead(once, good =>
    asPiece(good, '{"details":7,"model_info":[],"parameters":{},"done":"yes"}'),
  ),
  rubbish: instead(once, () => 'rubbish'),
  'JSON that is cut': instead(once, good => asPiece(good, '{"model":"pla')),
  'bytes of zero': instead(once, () => Buffer.alloc(1_000)),
  'bytes that are no UTF-8': withField('"\u00ff\u00fe"'),
  'a byte order mark': instead(once, good => Buffer.concat([Buffer.from('\uFEFF'), bodyOf(good)])),
  'numbers beyond all numbers': withField('[1e999,-9223372036854775808,18446744073709551616]'),
  'a huge text': withField(`"${'h'.repeat(HUGE_BYTES)}"`),
  'a huge list': withField(`[${'0,'.repeat(HUGE_BYTES / 8)}0]`),
  'many fields': withField(`{${'"a":1,'.repeat(HUGE_BYTES / 32)}"a":1}`),
  'deep lists': withField(`${'['.repeat(LEVELS)}${']'.repeat(LEVELS)}`),
  'deep objects': withField(`${'{"a":'.repeat(LEVELS)}1${'}'.repeat(LEVELS)}`),
  'deep lists that do not end': instead(once, good => asPiece(good, '['.repeat(LEVELS))),
  'lines that end with CR and LF': instead(whole, good =>
    bodyOf(good).toString('latin1').replaceAll('\n', '\r\n'),
  ),
  'an error in the place of an answer': instead({ ends: ['target_error'], generations: 1 }, error),
  'an error as the last piece': instead(once, good =>
    Buffer.concat([...withoutLast(good), Buffer.from(`\n${error(good)}`)]),
  ),
  'no last piece': says({ ends: ['cut_short'], generations: 1 }, good => [
    openChunks(good, withoutLast(good)),
    LAST_CHUNK,
  ]),
  'endless pieces': saysThen(
    timedOut,
    good => [headOf([typeOf(good), CHUNKED])],
    socket => pours(chunk(Buffer.alloc(POURED_BYTES, '{"done":false}\n')))(socket),
  ),
  'an endless line': saysThen(
    timedOut,
    good => [headOf([typeOf(good), CHUNKED]), chunk(Buffer.from('{"response":"'))],
    pours(chunk(Buffer.alloc(POURED_BYTES, 'x'))),
  ),
  'endless blanks': saysThen(
    timedOut,
    good => [headOf([typeOf(good)])],
    pours(Buffer.alloc(POURED_BYTES, ' ')),
  ),
  '400': answers(refused, '400 Bad Request', '{"error":"no"}'),
  '404': answers(refused, '404 Not Found', '{"error":"model not found"}'),
  '418': answers(refused, "418 I'm a teapot", ''),
  '500': answers(refused, '500 Internal Server Error', '{"error":"the runner has died"}'),
  '500 without a body': answers(refused, '500 Internal Server Error', ''),
  '401': answers(refused, '401 Unauthorized', '{"error":"unauthorized"}'),
  '403': answers(refused, '403 Forbidden', PAGE),
  '407': answers(refused, '407 Proxy Authentication Required', PAGE),
  '429': answers(repeated, '429 Too Many Requests', OLLAMAS, ['Retry-After: 0']),
  '429 with an odd time': answers(repeated, '429 Too Many Requests', OLLAMAS, ['Retry-After: soon, -1']),
  '503': answers(repeated, '503 Service Unavailable', OLLAMAS, [
    'Retry-After: Thu, 01 Jan 1970 00:00:00 GMT',
  ]),
  '502 of a proxy': answers(ofProxy, '502 Bad Gateway', PAGE),
  '504 of a proxy': answers(ofProxy, '504 Gateway Timeout', PAGE),
}

/** What is odd at the end of the connection. */
export const oddEndings: Readonly<Record<string, OddKind>> = {
  'no answer': says(repeated, () => []),
  'a reset': saysThen(repeated, () => [], isReset),
  silence: saysThen(timedOut, () => [], isSilent),
  'half a head': says(repeated, () => ['HTTP/1.1 200 O']),
  'a head, then a reset': saysThen(repeated, good => [headOf([typeOf(good), CHUNKED])], isReset),
  'a head, then silence': saysThen(timedOut, good => [headOf([typeOf(good), CHUNKED])], isSilent),
  'a part, then the end': says(repeated, good => [openChunks(good, withoutLast(good))]),
  'a part, then a reset': saysThen(repeated, good => [openChunks(good, withoutLast(good))], isReset),
  'a part, then silence': saysThen(timedOut, good => [openChunks(good, withoutLast(good))], isSilent),
  'half a chunk': says(repeated, good => [openChunks(good, withoutLast(good)), 'ff\r\nhalf']),
  'no last chunk': says(whole, good => [openChunks(good)]),
  'a reset behind the last piece': saysThen(whole, good => [openChunks(good)], isReset),
  'silence behind the last piece': saysThen(whole, good => [openChunks(good)], isSilent),
  'a length that is too large': says(whole, good => [
    headOf([typeOf(good), lengthOf(bodyOf(good), 9)]),
    bodyOf(good),
  ]),
  'rubbish behind the answer': says(whole, good => [openChunks(good), LAST_CHUNK, 'rubbish\r\n\r\n']),
  'a second answer': says(whole, good => [openChunks(good), LAST_CHUNK, openChunks(good), LAST_CHUNK]),
  'an open connection behind the answer': saysThen(whole, good => [openChunks(good), LAST_CHUNK], isSilent),
  'a half-closed connection': saysThen(
    whole,
    good => [openChunks(good), LAST_CHUNK],
    socket => void socket.end(),
  ),
}
