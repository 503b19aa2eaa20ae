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

describe('an answer in lines', () => {
  test.each<[what: string, chunks: string[], verdict: Completeness]>([
    ['its last line says that it is done', ['{"response":"a","done":false}\n', '{"done":true}\n'], 'whole'],
    ['its last line has no line feed', ['{"response":"a","done":false}\n{"done":true}'], 'whole'],
    ['its last line came in pieces', ['{"done":false}\n{"do', 'ne":', 'true}', '\n'], 'whole'],
    ['a line feed came by itself', ['{"done":false}', '\n', '{"done":true}', '\n'], 'whole'],
    ['it is one line', ['{"message":{},"done":true,"done_reason":"stop"}\n'], 'whole'],
    ['it has spaces before its last line', ['{"done":false}\n   ', '  {"done":true}\n'], 'whole'],
    ['blank lines follow it', ['{"done":true}\n\n', '\r\n', '  '], 'whole'],
    ['its lines end in CRLF', ['{"done":false}\r\n{"done":true}\r\n'], 'whole'],
    ['it came with empty chunks', ['', '{"done":true}', '', '\n', ''], 'whole'],
    ['it ends with an error', ['{"done":false}\n{"error":"oh"}\n'], 'own_error'],
    ['it is only an error', ['{"error":"oh"}'], 'own_error'],
    ['it is empty', [], 'cut_short'],
    ['it has only spaces', ['  \n\n'], 'cut_short'],
    ['its last line does not say that it is done', ['{"done":false}\n'], 'cut_short'],
    [
      'an earlier line said that it is done, and another line followed',
      ['{"done":true}\n{"done":false}\n'],
      'cut_short',
    ],
    [
      'an earlier line was an error, and another line followed',
      ['{"error":"oh"}\n{"done":false}\n'],
      'cut_short',
    ],
    ['its last line broke off', ['{"done":false}\n{"done":tr'], 'cut_short'],
    ['its last line broke off after a line that said that it is done', ['{"done":true}\n{"do'], 'cut_short'],
    ['its last line is not an object', ['{"done":false}\ntrue\n'], 'cut_short'],
    ['its last line is null', ['null\n'], 'cut_short'],
    ['its last line is an array', ['[{"done":true}]\n'], 'cut_short'],
    ['its last line has a `done` that is not true', ['{"done":"true"}\n'], 'cut_short'],
    ['its last line has `done` inside another object', ['{"message":{"done":true}}\n'], 'cut_short'],
    ['its last line has two objects', ['{"done":false}{"done":true}\n'], 'cut_short'],
  ])('%s', (_what, chunks, verdict) => {
    expect(verdictOn(LINES, chunks)).toBe(verdict)
  })

  test('gets the same verdict however it is cut into chunks', () => {
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

  test('is cut short when its last line is beyond the limit, and whole when another line follows', () => {
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

describe('an answer as one JSON object is judged when it is', () => {
  test.each<[what: string, chunks: string[], verdict: Completeness]>([
    ['an object', ['{"done":true}'], 'whole'],
    ['an object in pieces', ['{', '"done"', ':true', '}'], 'whole'],
    ['an object with space around it', ['  \n', ' {"a":1}', '\n \n'], 'whole'],
    ['an object that does not say that it is done', ['{"embeddings":[]}'], 'whole'],
    [
      'an object whose end is inside the last chunk of many',
      ['{"a":"', 'x'.repeat(100_000), '"}\n'],
      'whole',
    ],
    ['an error', ['{"error":"oh"}'], 'own_error'],
    ['an error after heartbeats', [' ', ' ', '{"error":', '"oh"}'], 'own_error'],
    ['an answer with an error inside another object', ['{"message":{"error":"oh"}}'], 'whole'],
    ['empty', [], 'cut_short'],
    ['only spaces', ['  ', '\n'], 'cut_short'],
    ['an object that broke off', ['{"a":'], 'cut_short'],
    ['an object that broke off behind the end of an inner one', ['{"a":{"b":1}', ' '], 'cut_short'],
    ['an object that broke off behind a brace in a string', ['{"a":"\\"}'], 'cut_short'],
    ['an object and something else', ['{"a":1} oh'], 'cut_short'],
    ['two objects', ['{"a":1}\n{"b":2}'], 'whole'],
    ['an object that broke off in a string', ['{"a":{"b":1},"c":"'], 'cut_short'],
    ['the end of an object', ['"a":1}'], 'cut_short'],
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

  test('is found in any case of its name', () => {
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
    ['/v1/chat/completions', 'ends with its end mark', 'data: {"a":1}\n\ndata: [DONE]\n\n', 'whole'],
    ['/v1/chat/completions', 'has no end mark', 'data: {"a":1}\n\n', 'cut_short'],
    ['/v1/chat/completions', 'ends with an error', 'data: {"error":{"message":"oh"}}\n\n', 'own_error'],
    ['/v1/chat/completions', 'has a comment after its end mark', 'data: [DONE]\n\n: bye\n\n', 'whole'],
    [
      '/v1/responses',
      'is completed',
      'event: response.completed\ndata: {"type":"response.completed"}\n\n',
      'whole',
    ],
    ['/v1/responses', 'is not completed', 'event: x\ndata: {"type":"response.in_progress"}\n\n', 'cut_short'],
    ['/v1/responses', 'ends with the end mark of another route', 'data: [DONE]\n\n', 'cut_short'],
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

describe('an image', () => {
  test.each<[contentType: string, body: string, verdict: Completeness]>([
    [LINES, '{"created":1,"data":[{"b64_json":"aa"}]}\n', 'whole'],
    [JSON_TYPE, '{"created":1,"data":[{"b64_json":"aa"}]}\n', 'whole'],
    [LINES, '', 'cut_short'],
    [LINES, '{"error":"oh"}\n', 'own_error'],
  ])('as %s: %j is %s', (contentType, body, verdict) => {
    expect(verdictOn(contentType, [body], '/v1/images/generations')).toBe(verdict)
  })
})

describe('a transcription', () => {
  test.each<[contentType: string, chunks: string[], verdict: Completeness]>([
    [LINES, ['{"text":', '"Hello."}\n'], 'whole'],
    [LINES, ['Hello', '.'], 'whole'],
    ['text/plain', ['Hello.'], 'whole'],
    [JSON_TYPE, ['{"text":"Hello."}\n'], 'whole'],
    [LINES, [], 'cut_short'],
    ['text/plain', [' \n'], 'cut_short'],
    [LINES, ['{"error":"oh"}\n'], 'own_error'],
    ['text/event-stream', ['data: {"type":"transcript.text.delta"}\n\n'], 'cut_short'],
    ['text/event-stream', ['data: {"type":"transcript.text.done"}\n\n'], 'whole'],
  ])('as %s: %j is %s', (contentType, chunks, verdict) => {
    expect(verdictOn(contentType, chunks, '/v1/audio/transcriptions')).toBe(verdict)
  })
})
