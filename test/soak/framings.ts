import type { Dice } from './dice.ts'
import type { Request } from './requests.ts'

/** What is written to a connection, in its order. */
export type Step =
  | { readonly bytes: Buffer }
  | { readonly pauseMs: number }
  /** The caller has nothing more to say, and reads on. */
  | 'end'
  /** The caller is gone. */
  | 'leave'

export interface Framed {
  readonly steps: readonly Step[]
  /**
   * So many answers come. `unreadable`: some of the bytes are no HTTP, or are HTTP that may be refused, so the connection may
   * be closed in the place of an answer. `left`: the caller does not wait.
   */
  readonly expected: number | 'unreadable' | 'left'
}

/** Writes a request in one of the ways in which HTTP, or something like it, can be written. */
type Framing = (request: Request, dice: Dice) => Framed

/** A framing with many small pieces is for bodies that are not longer. */
export const SMALL_BYTES = 20_000

const MAX_CHUNKS = 50
const PIECES_OF_SLOW = 10
const SLOW_PAUSE_MS = 20
const EXPECT_PAUSE_MS = 30

const bytes = (...parts: readonly (string | Buffer)[]): Step => ({
  bytes: Buffer.concat(parts.map(part => (typeof part === 'string' ? Buffer.from(part, 'latin1') : part))),
})

/** The head of the last request on a connection: foreman closes it behind the answer. */
const headOf = ({ path, headers }: Request, framing: readonly string[], version = '1.1'): string =>
  [
    `POST ${path} HTTP/${version}`,
    'Host: localhost',
    'Connection: close',
    ...headers.map(([name, value]) => `${name}: ${value}`),
    ...framing,
    '\r\n',
  ].join('\r\n')

const lengthOf = (body: Buffer, more = 0): string => `Content-Length: ${body.length + more}`
const CHUNKED = 'Transfer-Encoding: chunked'
const LAST_CHUNK = '0\r\n\r\n'

const chunk = (piece: Buffer, extension = ''): Buffer =>
  Buffer.concat([Buffer.from(`${piece.length.toString(16)}${extension}\r\n`), piece, Buffer.from('\r\n')])

const split = (body: Buffer, size: number): Buffer[] =>
  Array.from({ length: Math.ceil(body.length / size) }, (_, at) => body.subarray(at * size, (at + 1) * size))

const inChunks = (body: Buffer, dice: Dice, extension = ''): Buffer =>
  Buffer.concat(
    split(body, Math.max(1, Math.ceil(body.length / (1 + dice.below(MAX_CHUNKS))))).map(piece =>
      chunk(piece, extension),
    ),
  )

/** A request with a right body behind a head that may be wrong. */
const withHead =
  (expected: Framed['expected'], framing: (body: Buffer) => readonly string[], version?: string): Framing =>
  request => ({
    steps: [bytes(headOf(request, framing(request.body), version), request.body)],
    expected,
  })

/** A body in chunks that may be wrong. */
const withChunks =
  (
    expected: Framed['expected'],
    chunks: (body: Buffer, dice: Dice) => readonly (string | Buffer)[],
  ): Framing =>
  (request, dice) => ({
    steps: [bytes(headOf(request, [CHUNKED]), ...chunks(request.body, dice))],
    expected,
  })

const firstHalf = (body: Buffer, dice: Dice): Buffer => body.subarray(0, dice.below(body.length + 1))

const HUGE_LINE = 100_000
const MANY_TRAILERS = 500

/** Ways to frame a body of any size that HTTP allows. */
export const rightFramings: Readonly<Record<string, Framing>> = {
  'its length': withHead(1, body => [lengthOf(body)]),
  'HTTP/1.0': withHead(1, body => [lengthOf(body)], '1.0'),
  chunks: withChunks(1, (body, dice) => [inChunks(body, dice), LAST_CHUNK]),
  'Expect: 100-continue': request => ({
    steps: [
      bytes(headOf(request, [lengthOf(request.body), 'Expect: 100-continue'])),
      { pauseMs: EXPECT_PAUSE_MS },
      bytes(request.body),
    ],
    expected: 1,
  }),
  slow: request => ({
    steps: [
      bytes(headOf(request, [lengthOf(request.body)])),
      ...split(request.body, Math.max(1, Math.ceil(request.body.length / PIECES_OF_SLOW))).flatMap(piece => [
        bytes(piece),
        { pauseMs: SLOW_PAUSE_MS },
      ]),
    ],
    expected: 1,
  }),
  'a caller that leaves in the body': (request, dice) => ({
    steps: [
      bytes(headOf(request, [lengthOf(request.body)]), firstHalf(request.body, dice)),
      { pauseMs: dice.below(EXPECT_PAUSE_MS) },
      'leave',
    ],
    expected: 'left',
  }),
  'a caller that leaves behind the body': (request, dice) => ({
    steps: [
      bytes(headOf(request, [lengthOf(request.body)]), request.body),
      { pauseMs: dice.below(EXPECT_PAUSE_MS) },
      'leave',
    ],
    expected: 'left',
  }),
  'chunks with extensions': withChunks(1, (body, dice) => [
    inChunks(body, dice, ';name="value; \\" "'),
    LAST_CHUNK,
  ]),
  trailers: withChunks(1, (body, dice) => [inChunks(body, dice), '0\r\nX-Trailer: 1\r\nX-Other: 2\r\n\r\n']),
}

/** Ways that HTTP does not allow, or that foreman may refuse. */
export const wrongFramings: Readonly<Record<string, Framing>> = {
  'a foreign Expect': withHead('unreadable', body => [lengthOf(body), 'Expect: a miracle']),
  'a half-closed connection': request => ({
    steps: [bytes(headOf(request, [lengthOf(request.body)]), request.body), 'end'],
    expected: 'unreadable',
  }),
  'a length that is too large': (request, dice) => ({
    steps: [bytes(headOf(request, [lengthOf(request.body, 1 + dice.below(1_000))]), request.body), 'end'],
    expected: 'unreadable',
  }),
  'a length that is too small': (request, dice) => ({
    steps: [bytes(headOf(request, [`Content-Length: ${dice.below(request.body.length + 1)}`]), request.body)],
    expected: 'unreadable',
  }),
  'two lengths': withHead('unreadable', body => [lengthOf(body), lengthOf(body, 1)]),
  'the same length twice': withHead('unreadable', body => [lengthOf(body), lengthOf(body)]),
  'a negative length': withHead('unreadable', () => ['Content-Length: -1']),
  'a length in hexadecimal': withHead('unreadable', body => [
    `Content-Length: 0x${body.length.toString(16)}`,
  ]),
  'a length beyond all numbers': withHead('unreadable', () => [`Content-Length: ${'9'.repeat(40)}`]),
  'a petabyte that does not come': request => ({
    steps: [bytes(headOf(request, [`Content-Length: ${10 ** 15}`]), request.body), 'end'],
    expected: 'unreadable',
  }),
  'a length and chunks': request => ({
    steps: [bytes(headOf(request, [lengthOf(request.body), CHUNKED]), chunk(request.body), LAST_CHUNK)],
    expected: 'unreadable',
  }),
  'chunks in gzip': withHead('unreadable', () => ['Transfer-Encoding: gzip, chunked']),
  'an unknown transfer coding': withHead('unreadable', () => ['Transfer-Encoding: rot13']),
  'a huge extension': withChunks('unreadable', body => [
    chunk(body, `;${'e'.repeat(HUGE_LINE)}`),
    LAST_CHUNK,
  ]),
  'a huge chunk-size line': withChunks('unreadable', body => [`${'0'.repeat(HUGE_LINE)}1\r\n`, body]),
  'a chunk size beyond all numbers': withChunks('unreadable', body => [`${'f'.repeat(17)}\r\n`, body]),
  'a chunk size that is no number': withChunks('unreadable', body => ['five\r\n', body]),
  'a chunk that is longer than it says': withChunks('unreadable', (body, dice) => [
    `${dice.below(body.length + 1).toString(16)}\r\n`,
    body,
    '\r\n',
    LAST_CHUNK,
  ]),
  'a chunk that is shorter than it says': (request, dice) => ({
    steps: [
      bytes(
        headOf(request, [CHUNKED]),
        `${(request.body.length + 1 + dice.below(1_000)).toString(16)}\r\n`,
        request.body,
        '\r\n',
        LAST_CHUNK,
      ),
      'end',
    ],
    expected: 'unreadable',
  }),
  'no last chunk': request => ({
    steps: [bytes(headOf(request, [CHUNKED]), chunk(request.body)), 'end'],
    expected: 'unreadable',
  }),
  'a length among the trailers': withChunks('unreadable', body => [
    chunk(body),
    '0\r\nContent-Length: 7\r\n\r\n',
  ]),
  'many trailers': withChunks('unreadable', body => [
    chunk(body),
    `0\r\n${'X-Trailer: 1\r\n'.repeat(MANY_TRAILERS)}\r\n`,
  ]),
  'lines that end with LF': request => ({
    steps: [bytes(headOf(request, [lengthOf(request.body)]).replaceAll('\r\n', '\n'), request.body)],
    expected: 'unreadable',
  }),
  'a folded header': withHead('unreadable', body => [lengthOf(body), 'X-Folded: one', '  two']),
  'another request line': request => ({
    steps: [bytes(headOf(request, [lengthOf(request.body)]).replace('POST', 'PO ST'), request.body)],
    expected: 'unreadable',
  }),
}

const PIPELINED = 3

/** Ways to frame a small body. */
export const smallFramings: Readonly<Record<string, Framing>> = {
  'a byte in each chunk': withChunks(1, body => [...split(body, 1).map(piece => chunk(piece)), LAST_CHUNK]),
  'a byte in each packet': request => ({
    steps: [
      bytes(headOf(request, [lengthOf(request.body)])),
      ...split(request.body, Math.max(1, Math.ceil(request.body.length / 200))).flatMap(piece => [
        bytes(piece),
        { pauseMs: 0 },
      ]),
    ],
    expected: 1,
  }),
  'several requests at once': request => {
    const head = headOf(request, [lengthOf(request.body)])
    const earlier = head.replace('Connection: close\r\n', '')
    const before = Array.from({ length: PIPELINED - 1 }, () => [earlier, request.body]).flat()
    return { steps: [bytes(...before, head, request.body)], expected: PIPELINED }
  },
  'a request, then rubbish': request => {
    const head = headOf(request, [lengthOf(request.body)]).replace('Connection: close\r\n', '')
    return { steps: [bytes(head, request.body, 'rubbish\r\n\r\n')], expected: 'unreadable' }
  },
  'rubbish, then a request': request => ({
    steps: [bytes('rubbish\r\n\r\n', headOf(request, [lengthOf(request.body)]), request.body)],
    expected: 'unreadable',
  }),
  'a preface of HTTP/2': request => ({
    steps: [bytes('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', request.body)],
    expected: 'unreadable',
  }),
  'a greeting of TLS': request => ({
    steps: [bytes(Buffer.from('1603010200010001fc0303', 'hex'), request.body)],
    expected: 'unreadable',
  }),
}
