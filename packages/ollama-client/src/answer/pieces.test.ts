import fc from 'fast-check'
import { expect, test } from 'vitest'
import { answerForm, KeptBytes, PieceSplitter } from './pieces.ts'

const LONGEST = 16

/** The pieces whose lines have ended, and the piece whose line has not. */
const split = (form: 'lines' | 'events', chunks: readonly (string | Uint8Array)[]) => {
  const pieces: string[] = []
  const splitter = new PieceSplitter(form, LONGEST, piece => void pieces.push(piece))
  for (const chunk of chunks) splitter.push(typeof chunk === 'string' ? Buffer.from(chunk) : chunk)
  return [pieces, splitter.begun()]
}

test.each<[what: string, chunks: string[], pieces: string[], begun: string | undefined]>([
  ['nothing', [], [], undefined],
  ['whole lines', ['{"a":1}\n{"b":2}\n'], ['{"a":1}', '{"b":2}'], undefined],
  ['a line that has not ended', ['{"a":1}\n{"b"'], ['{"a":1}'], '{"b"'],
  ['a line in several chunks', ['{"a', '":', '1}', '\n'], ['{"a":1}'], undefined],
  ['space and blank lines', [' \r\n\n  {"a":1}\r\n', '  '], ['{"a":1}'], undefined],
  ['separators that are not line feeds', ['"\u2028\u0085"\n'], ['"\u2028\u0085"'], undefined],
  ['a line of exactly the limit', [`${'x'.repeat(LONGEST)}\ny\n`], ['x'.repeat(LONGEST), 'y'], undefined],
  ['a line that is too long', [`${'x'.repeat(LONGEST + 1)}\ny\n`], ['', 'y'], undefined],
  ['a line that is too long, in several chunks', ['x'.repeat(LONGEST), 'x', 'x\ny\n'], ['', 'y'], undefined],
  ['a line that is too long and has not ended', ['y\n', 'x'.repeat(LONGEST + 1)], ['y'], ''],
  ['a line with too many bytes, but not too many letters', [`${'語'.repeat(6)}\n`], [''], undefined],
])('lines: %s', (_what, chunks, pieces, begun) => {
  expect(split('lines', chunks)).toEqual([pieces, begun])
})

test.each<[what: string, chunks: string[], pieces: string[], begun: string | undefined]>([
  ['data', ['data: {}\n\n', 'data: [DONE]\n\n'], ['{}', '[DONE]'], undefined],
  ['data without a space', ['data:{}\n\n'], ['{}'], undefined],
  ['names, comments and blank lines', ['event: x\n', ': ok\n', 'data: 1\n\n\n', 'id: 1\n'], ['1'], undefined],
  ['data that has not ended', ['data: {', '"a"'], [], '{"a"'],
  ['a field that has not ended', ['dat'], [], undefined],
  ['CRLF', ['data: 1\r\n\r\ndata: 2\r\n\r\n'], ['1', '2'], undefined],
])('events: %s', (_what, chunks, pieces, begun) => {
  expect(split('events', chunks)).toEqual([pieces, begun])
})

test('pieces are the same however the bytes are cut', () => {
  const line = fc.constantFrom(
    'data: {"é":"😀"}',
    '',
    ' ',
    'event: x',
    '\r',
    'x'.repeat(LONGEST + 1),
    '{"a":1}',
  )
  fc.assert(
    fc.property(
      fc.constantFrom('lines' as const, 'events' as const),
      fc.array(line, { maxLength: 6 }),
      fc.array(fc.nat(7)),
      (form, lines, cuts) => {
        const bytes = Buffer.from(lines.join('\n'))
        const chunks: Buffer[] = []
        let at = 0
        for (const length of cuts) chunks.push(bytes.subarray(at, (at += length)))
        chunks.push(bytes.subarray(at))
        expect(split(form, chunks)).toEqual(split(form, [bytes]))
      },
    ),
  )
})

test('plain Uint8Arrays are split like Buffers', () => {
  expect(split('lines', [new TextEncoder().encode('é\n😀')])).toEqual([['é'], '😀'])
})

test('KeptBytes keeps bytes until there are too many', () => {
  const kept = new KeptBytes(4)
  expect(kept.text()).toBe('')
  for (const part of ['a', 'bcd']) kept.add(Buffer.from(part))
  expect(kept.text()).toBe('abcd')
  kept.add(Buffer.from('e'))
  expect(kept.text()).toBeUndefined()
  kept.clear()
  kept.add(Buffer.from('f'))
  expect(kept.text()).toBe('f')
})

test.each([
  ['application/x-ndjson', 'lines'],
  ['text/event-stream; charset=utf-8', 'events'],
  ['Application/JSON', 'json'],
  ['text/plain', undefined],
])('an answer of the type %s has the form %s', (contentType, form) => {
  expect(answerForm([['content-TYPE', contentType]])).toBe(form)
})
