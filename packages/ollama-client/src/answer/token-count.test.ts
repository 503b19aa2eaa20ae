import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { endpointAt, EVENTS, JSON_BODY, LINES, recordedAnswers, streamOf } from '../testing/answers.ts'
import { bodyOf, recording, type Version, VERSIONS } from '../testing/recording.ts'
import type { TokenUsage } from './fold/answer-pieces.ts'
import { countTokens } from './token-count.ts'

const counted = (headers: [string, string][], path: string, ...chunks: (string | Uint8Array)[]) => {
  const count = countTokens(headers, endpointAt(path))
  for (const chunk of chunks) count.push(typeof chunk === 'string' ? Buffer.from(chunk) : chunk)
  return [count.tokens, count.usage()] as const
}

const countedPieces = (path: string, ...pieces: unknown[]) => {
  const [headers, bytes] = streamOf(path, pieces)
  return counted(headers, path, bytes)
}

const used = { promptTokens: 11, completionTokens: 6 }
const usedByTools = (promptTokens: number): TokenUsage => ({ promptTokens, completionTokens: 5 })
type Row = readonly [name: string, tokens: number, usage: TokenUsage | undefined]

/** The counts that are the same for every version of Ollama. */
const COUNTED: readonly Row[] = [
  ['chat-stream', 5, used],
  ['chat-think-stream', 8, { promptTokens: 11, completionTokens: 11 }],
  ['generate-stream', 5, used],
  ['generate-think-stream', 8, { promptTokens: 11, completionTokens: 11 }],
  ['v1-chat-stream', 5, undefined],
  ['v1-chat-stream-usage', 5, used],
  ['v1-chat-tools-stream', 1, undefined],
  ['v1-completions-stream', 5, undefined],
  ['v1-responses-stream', 5, used],
  ['v1-messages-stream', 5, used],
  ['chat', 0, used],
  ['generate', 0, used],
  ['v1-chat', 0, used],
  ['v1-completions', 0, used],
  ['v1-responses', 0, used],
  ['v1-messages', 0, used],
  ['chat-load', 0, undefined],
]

/** The prompt that describes a tool is longer for 0.33.0, and the faults are only recorded with 0.24.0. */
const COUNTED_OF_VERSION: Record<Version, readonly Row[]> = {
  '0.24.0': [
    ['chat-tools-stream', 1, usedByTools(138)],
    ['v1-messages-tools-stream', 1, usedByTools(94)],
    ['faults/server-killed-mid-stream', 12, undefined],
    ['faults/runner-killed-mid-stream', 14, undefined],
  ],
  '0.33.0': [
    ['chat-tools-stream', 1, usedByTools(213)],
    ['v1-messages-tools-stream', 1, usedByTools(153)],
  ],
}

test.each(
  VERSIONS.flatMap(version =>
    [...COUNTED, ...COUNTED_OF_VERSION[version]].map(row => [version, ...row] as const),
  ),
)('%s: %s has %i tokens and reports %j', (version, name, tokens, usage) => {
  const recorded = recording(name, version)
  const [countedTokens, reported] = counted(
    recorded.response.headers,
    recorded.request.path,
    bodyOf(recorded),
  )
  const { loadMs, promptMs, answerMs, ...tokensOnly } = reported ?? {}
  expect([countedTokens, reported && tokensOnly]).toEqual([tokens, usage])
  const isTimed = usage !== undefined && recorded.request.path.startsWith('/api/')
  expect([loadMs, promptMs, answerMs].map(ms => ms !== undefined)).toEqual(Array(3).fill(isTimed))
})

test.each<[what: string, duration: unknown, ms: number | undefined]>([
  ['in milliseconds', 1_500_000_000, 1_500],
  ['also when it took none', 0, 0],
  ['and nothing that is no time', -1, undefined],
  ['and nothing that is no number', '5', undefined],
])('a native answer says how long its load, its prompt and the rest took, %s', (_what, duration, ms) => {
  const times = { load_duration: duration, prompt_eval_duration: duration, eval_duration: duration }
  const [, usage] = countedPieces('/api/chat', { done: true, prompt_eval_count: 3, ...times })
  expect(usage).toEqual({
    promptTokens: 3,
    ...(ms !== undefined && { loadMs: ms, promptMs: ms, answerMs: ms }),
  })
})

describe('the number of tokens in a piece', () => {
  const choice = (fields: object) => ({ choices: [{}, fields] })
  test.each<[path: string, piece: unknown, tokens: number]>([
    ['/api/chat', { message: { content: 'a' } }, 1],
    ['/api/chat', { message: { content: 'a', thinking: 'b', tool_calls: [{}, {}] } }, 1],
    ['/api/chat', { message: { content: 'a' }, done: true }, 1],
    ['/api/chat', { message: { content: '' } }, 0],
    ['/api/chat', { message: { content: 1, tool_calls: {} } }, 0],
    ['/api/chat', { response: 'a' }, 0],
    ['/api/generate', { response: 'a' }, 1],
    ['/api/generate', { response: '', thinking: 'a' }, 1],
    ['/api/generate', { response: '', tool_calls: [{}] }, 1],
    ['/v1/chat/completions', choice({ delta: { content: 'a' } }), 1],
    ['/v1/chat/completions', choice({ delta: { reasoning: 'a' } }), 1],
    ['/v1/chat/completions', choice({ delta: { tool_calls: [{}] } }), 1],
    ['/v1/chat/completions', choice({ delta: { role: 'assistant', content: '' } }), 0],
    ['/v1/chat/completions', { choices: { 0: { delta: { content: 'a' } } } }, 0],
    ['/v1/completions', choice({ text: 'a' }), 1],
    ['/v1/completions', choice({ text: '' }), 0],
    ['/v1/responses', { type: 'response.output_text.delta', delta: 'a' }, 1],
    ['/v1/responses', { type: 'response.reasoning_summary_text.delta', delta: 'a' }, 1],
    ['/v1/responses', { type: 'response.function_call_arguments.delta', delta: '{}' }, 1],
    ['/v1/responses', { type: 'response.output_text.done', text: 'a' }, 0],
    ['/v1/messages', { type: 'content_block_delta', delta: { text: 'a' } }, 1],
    ['/v1/messages', { type: 'content_block_delta', delta: { thinking: 'a' } }, 1],
    ['/v1/messages', { type: 'content_block_delta', delta: { partial_json: '{' } }, 1],
    ['/v1/messages', { type: 'content_block_delta', delta: { signature: 'a' } }, 0],
    ['/v1/messages', { type: 'content_block_start', content_block: { text: 'a' } }, 0],
    ['/v1/messages', null, 0],
    ['/v1/messages', '{', 0],
  ])('of %s: %j has %i', (path, piece, tokens) => {
    expect(countedPieces(path, piece)).toEqual([tokens, undefined])
  })
})

describe('usage', () => {
  test('of a message is corrected by its end', () => {
    const start = { type: 'message_start', message: { usage: { input_tokens: 4, output_tokens: 0 } } }
    const end = { type: 'message_delta', usage: { output_tokens: 5 } }
    expect(countedPieces('/v1/messages', start)).toEqual([0, { promptTokens: 4 }])
    expect(countedPieces('/v1/messages', start, end)).toEqual([0, { promptTokens: 4, completionTokens: 5 }])
  })

  test('with zeros is undefined', () => {
    const piece = { choices: [], usage: { prompt_tokens: 0, completion_tokens: 0 } }
    expect(countedPieces('/v1/completions', piece)).toEqual([0, undefined])
  })

  test.each([-1, 1.5, '7', null, 1e300, {}])('of %j tokens is undefined', eval_count => {
    expect(countedPieces('/api/chat', { done: true, eval_count })).toEqual([0, undefined])
  })

  test('is read from a last line without a line feed', () => {
    expect(counted(LINES, '/api/chat', '{"done":true,"eval_count":2}')).toEqual([0, { completionTokens: 2 }])
  })

  test('is not read from other content types', () => {
    expect(counted([], '/api/chat', '{"eval_count":2}')).toEqual([0, undefined])
  })
})

describe('a line or body of more than 1 MiB', () => {
  const line = (length: number) =>
    `{"message":{"content":"${'x'.repeat(length)}"},"eval_count":2,"done":true}`
  const MIB = 1024 * 1024

  test('is skipped in a stream, and the next line is read', () => {
    const short = '{"message":{"content":"a"}}\n'
    expect(counted(LINES, '/api/chat', `${line(MIB)}\n${short}`)).toEqual([1, undefined])
    const chunks = Array.from({ length: 100 }, () => 'x'.repeat(MIB / 8))
    expect(counted(EVENTS, '/api/chat', 'data: ', ...chunks, `\n\ndata: ${short}`)).toEqual([1, undefined])
    expect(counted(LINES, '/api/chat', `${line(MIB / 2)}\n`)).toEqual([1, { completionTokens: 2 }])
  })

  test('is not read as one body', () => {
    expect(counted(JSON_BODY, '/api/chat', line(MIB / 2))).toEqual([0, { completionTokens: 2 }])
    expect(counted(JSON_BODY, '/api/chat', line(MIB))).toEqual([0, undefined])
  })
})

test('the count is the same however the bytes are cut', () => {
  fc.assert(
    fc.property(fc.constantFrom(...recordedAnswers), fc.array(fc.nat(300)), (recorded, cuts) => {
      const bytes = bodyOf(recorded)
      const chunks: Buffer[] = []
      let at = 0
      for (const length of cuts) chunks.push(bytes.subarray(at, (at += length)))
      chunks.push(bytes.subarray(at))
      const { headers } = recorded.response
      const { path } = recorded.request
      expect(counted(headers, path, ...chunks)).toEqual(counted(headers, path, bytes))
    }),
  )
})
