import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { endpointAt, recordedAnswers } from '../testing/answers.ts'
import { chunksOf, type Recording, recording } from '../testing/recording.ts'
import { checkAnswer, type Completeness } from './check.ts'

const LINES = 'application/x-ndjson'
const JSON_TYPE = 'application/json; charset=utf-8'

const chat = endpointAt('/api/chat')

const verdictOn = (
  contentType: string | undefined,
  chunks: readonly (string | Uint8Array)[],
  path = '/api/chat',
): Completeness => {
  const headers = contentType === undefined ? [] : [['Content-Type', contentType] as [string, string]]
  const check = checkAnswer(headers, endpointAt(path))
  for (const chunk of chunks) check.push(typeof chunk === 'string' ? Buffer.from(chunk) : chunk)
  return check.verdict()
}

describe('an answer of lines', () => {
  test.each<[what: string, chunks: string[], verdict: Completeness]>([
    ['its last line says so', ['{"response":"a","done":false}\n', '{"done":true}\n'], 'whole'],
    ['its last line has no line feed', ['{"response":"a","done":false}\n{"done":true}'], 'whole'],
    ['its last line came in pieces', ['{"done":false}\n{"do', 'ne":', 'true}', '\n'], 'whole'],
    ['a line feed came by itself', ['{"done":false}', '\n', '{"done":true}', '\n'], 'whole'],
    ['it is one line', ['{"message":{},"done":true,"done_reason":"stop"}\n'], 'whole'],
    ['space stands before its last line', ['{"done":false}\n   ', '  {"done":true}\n'], 'whole'],
    ['blank lines stand behind it', ['{"done":true}\n\n', '\r\n', '  '], 'whole'],
    ['its lines end in CRLF', ['{"done":false}\r\n{"done":true}\r\n'], 'whole'],
    ['empty chunks come with it', ['', '{"done":true}', '', '\n', ''], 'whole'],
    ['it ends with an error', ['{"done":false}\n{"error":"oh"}\n'], 'own_error'],
    ['it is nothing but an error', ['{"error":"oh"}'], 'own_error'],
    ['there is nothing', [], 'cut_short'],
    ['there is nothing but space', ['  \n\n'], 'cut_short'],
    ['the last line is not the last word', ['{"done":false}\n'], 'cut_short'],
    ['an earlier line said so, and more came', ['{"done":true}\n{"done":false}\n'], 'cut_short'],
    ['an earlier line was an error, and more came', ['{"error":"oh"}\n{"done":false}\n'], 'cut_short'],
    ['its last line broke off', ['{"done":false}\n{"done":tr'], 'cut_short'],
    ['its last line broke off behind one that said so', ['{"done":true}\n{"do'], 'cut_short'],
    ['its last line is no object', ['{"done":false}\ntrue\n'], 'cut_short'],
    ['its last line is null', ['null\n'], 'cut_short'],
    ['its last line is an array', ['[{"done":true}]\n'], 'cut_short'],
    ['its last line only says something like it', ['{"done":"true"}\n'], 'cut_short'],
    ['its last line says so deeper down', ['{"message":{"done":true}}\n'], 'cut_short'],
    ['two objects stand on its last line', ['{"done":false}{"done":true}\n'], 'cut_short'],
  ])('%s', (_what, chunks, verdict) => {
    expect(verdictOn(LINES, chunks)).toBe(verdict)
  })

  test('is judged alike however it is cut into chunks', () => {
    const line = fc.constantFrom(
      '{"done":true}',
      '{"done":false}',
      '{"error":"\u2028"}',
      '',
      ' ',
      '{"a":"\\n',
      '\r',
    )
    fc.assert(
      fc.property(
        fc.array(line, { maxLength: 5 }),
        fc.boolean(),
        fc.array(fc.nat(8)),
        (lines, isEnded, cuts) => {
          const bytes = Buffer.from(lines.join('\n') + (isEnded ? '\n' : ''))
          const chunks: Buffer[] = []
          let at = 0
          for (const length of cuts) chunks.push(bytes.subarray(at, (at += length)))
          chunks.push(bytes.subarray(at))
          expect(verdictOn(LINES, chunks)).toBe(verdictOn(LINES, [bytes]))
        },
      ),
    )
  })

  test('may have a line of 20 MB in small chunks', () => {
    const check = checkAnswer([['content-type', LINES]], chat)
    const begin = performance.now()
    check.push(Buffer.from('{"response":"'))
    for (let count = 0; count < 20_000; count++) check.push(Buffer.alloc(1_000, 'x'))
    check.push(Buffer.from('","done":true}\n'))
    expect(check.verdict()).toBe('whole')
    expect(performance.now() - begin).toBeLessThan(5_000)
  })

  test('is cut short when a line beyond all bounds came last, and whole when not', () => {
    const check = checkAnswer([['content-type', LINES]], chat)
    check.push(Buffer.from('{"done":true}\n'))
    const part = Buffer.alloc(1024 * 1024, 'x')
    for (let count = 0; count <= 64; count++) check.push(part)
    expect(check.verdict()).toBe('cut_short')
    check.push(Buffer.from('\n'))
    expect(check.verdict()).toBe('cut_short')
    check.push(Buffer.from('{"done":true}\n'))
    expect(check.verdict()).toBe('whole')
  })
})

describe('an answer in one piece', () => {
  test.each<[what: string, chunks: string[], verdict: Completeness]>([
    ['an object', ['{"done":true}'], 'whole'],
    ['an object in pieces', ['{', '"done"', ':true', '}'], 'whole'],
    ['an object with space around it', ['  \n', ' {"a":1}', '\n \n'], 'whole'],
    ['an object that does not say it is done', ['{"embeddings":[]}'], 'whole'],
    [
      'an object whose end is inside the last chunk of many',
      ['{"a":"', 'x'.repeat(100_000), '"}\n'],
      'whole',
    ],
    ['an error', ['{"error":"oh"}'], 'own_error'],
    [
      'an error behind the space that kept the connection busy',
      [' ', ' ', '{"error":', '"oh"}'],
      'own_error',
    ],
    ['an answer that tells of an error further down', ['{"message":{"error":"oh"}}'], 'whole'],
    ['nothing', [], 'cut_short'],
    ['space', ['  ', '\n'], 'cut_short'],
    ['an object that broke off', ['{"a":'], 'cut_short'],
    ['an object that broke off in a string', ['{"a":{"b":1},"c":"'], 'cut_short'],
    ['the end of one', ['"a":1}'], 'cut_short'],
    ['an array', ['[{}]'], 'cut_short'],
    ['text', ['oh {}.'], 'cut_short'],
  ])('%s', (_what, chunks, verdict) => {
    expect(verdictOn(JSON_TYPE, chunks)).toBe(verdict)
  })
})

describe('the content type', () => {
  test.each<[contentType: string | undefined, verdict: Completeness]>([
    ['application/x-ndjson', 'whole'],
    ['application/x-ndjson; charset=utf-8', 'whole'],
    ['Application/X-NDJSON', 'whole'],
    ['application/json', 'whole'],
    ['application/json; charset=utf-8', 'whole'],
    ['APPLICATION/JSON', 'whole'],
    ['text/html', 'unknown'],
    ['text/plain; charset=utf-8', 'unknown'],
    ['application/octet-stream', 'unknown'],
    ['', 'unknown'],
    [undefined, 'unknown'],
  ])('%s: %s', (contentType, verdict) => {
    expect(verdictOn(contentType, ['{"done":true}'])).toBe(verdict)
  })

  test('is found whatever the case of its name', () => {
    const headers = [
      ['Date', 'now'],
      ['CONTENT-type', LINES],
    ] as const
    const check = checkAnswer(headers, chat)
    check.push(Buffer.from('{"done":true}\n'))
    expect(check.verdict()).toBe('whole')
  })
})

describe('an event stream', () => {
  const EVENTS = 'text/event-stream'
  test.each<[path: string, what: string, text: string, verdict: Completeness]>([
    ['/v1/chat/completions', 'ends with its mark', 'data: {"a":1}\n\ndata: [DONE]\n\n', 'whole'],
    ['/v1/chat/completions', 'has no mark', 'data: {"a":1}\n\n', 'cut_short'],
    ['/v1/chat/completions', 'ends with an error', 'data: {"error":{"message":"oh"}}\n\n', 'own_error'],
    ['/v1/chat/completions', 'has a comment behind its mark', 'data: [DONE]\n\n: bye\n\n', 'whole'],
    [
      '/v1/responses',
      'is completed',
      'event: response.completed\ndata: {"type":"response.completed"}\n\n',
      'whole',
    ],
    ['/v1/responses', 'is not completed', 'event: x\ndata: {"type":"response.in_progress"}\n\n', 'cut_short'],
    ['/v1/responses', 'ends with a mark that is not its own', 'data: [DONE]\n\n', 'cut_short'],
    ['/v1/messages', 'stops', 'event: message_stop\ndata: {"type":"message_stop"}\n\n', 'whole'],
    ['/v1/messages', 'does not stop', 'event: ping\ndata: {"type":"ping"}\n\n', 'cut_short'],
    [
      '/v1/messages',
      'ends with an error',
      'event: error\ndata: {"type":"error","error":{}}\n\n',
      'own_error',
    ],
  ])('of %s that %s', (path, _what, text, verdict) => {
    expect(verdictOn(EVENTS, [text], path)).toBe(verdict)
  })
})

describe('the answer of a real Ollama', () => {
  const verdictOnChunks = ({ request, response }: Recording, chunks: readonly Uint8Array[]): Completeness => {
    const check = checkAnswer(response.headers, endpointAt(request.path))
    for (const chunk of chunks) check.push(chunk)
    return check.verdict()
  }

  test.each(recordedAnswers)('$version: $name is whole', recorded => {
    expect(verdictOnChunks(recorded, chunksOf(recorded))).toBe('whole')
  })

  test.each(recordedAnswers.filter(({ response }) => response.chunks.length > 1))(
    '$version: $name without its last chunk is cut short',
    recorded => {
      expect(verdictOnChunks(recorded, chunksOf(recorded).slice(0, -1))).toBe('cut_short')
    },
  )

  test('0.24.0: a stream whose model process died ends with its own error', () => {
    const recorded = recording('faults/runner-killed-mid-stream')
    expect(verdictOnChunks(recorded, chunksOf(recorded))).toBe('own_error')
  })
})
