import { describe, expect, test } from 'vitest'
import { checkAnswer } from '../answer/check.ts'
import { foldAnswer } from '../answer/fold/fold.ts'
import { endpointAt, EVENTS, isStream, LINES, recordedAnswers } from '../testing/answers.ts'
import { chunksOf, recording, type Recording, VERSIONS } from '../testing/recording.ts'
import { generatingEndpoints } from './endpoints.ts'
import type { Waiting } from './heartbeats.ts'

const waiting: Waiting = {
  id: 'job_1',
  model: 'plain',
  headers: {},
  last: undefined,
  now: 1_700_000_000_123,
}

const heartbeatAt = (path: string, more: Partial<Waiting> = {}): string | undefined => {
  const bytes = endpointAt(path).heartbeat({ ...waiting, ...more })
  return bytes && Buffer.from(bytes).toString()
}

const fieldsOf = (text: string): Record<string, unknown> =>
  JSON.parse(text.replace(/^(event: .*\n)?data: /, '')) as Record<string, unknown>

describe('before the answer', () => {
  test('is a piece of each dialect with nothing in it', () => {
    const made = Object.fromEntries(generatingEndpoints.map(({ path }) => [path, heartbeatAt(path)]))
    const { '/v1/responses': responses, ...others } = made
    expect(others).toEqual({
      '/api/chat':
        '{"model":"plain","created_at":"2023-11-14T22:13:20.123Z","message":{"role":"assistant","content":""},"done":false}\n',
      '/api/generate':
        '{"model":"plain","created_at":"2023-11-14T22:13:20.123Z","response":"","done":false}\n',
      '/v1/chat/completions':
        'data: {"id":"chatcmpl-job_1","object":"chat.completion.chunk","created":1700000000,"model":"plain","system_fingerprint":"fp_ollama","choices":[{"index":0,"delta":{"content":""},"finish_reason":null}]}\n\n',
      '/v1/completions':
        'data: {"id":"cmpl-job_1","object":"text_completion","created":1700000000,"model":"plain","system_fingerprint":"fp_ollama","choices":[{"index":0,"text":"","finish_reason":null}]}\n\n',
      '/v1/messages': 'event: ping\ndata: {"type":"ping"}\n\n',
    })
    expect(responses).toMatch(
      /^event: response\.in_progress\ndata: \{"response":\{"id":"resp_job_1".*\}\n\n$/,
    )
  })

  test.each(
    VERSIONS.flatMap(version =>
      (
        [
          'chat-stream',
          'generate-stream',
          'v1-chat-stream',
          'v1-completions-stream',
          'v1-responses-stream',
        ] as const
      ).map(name => recording(name, version)),
    ),
  )('has every field of the first piece of $version: $name', recorded => {
    const [first] = chunksOf(recorded)
    const shape = (value: unknown): unknown =>
      Array.isArray(value)
        ? value.map(shape)
        : typeof value === 'object' && value !== null
          ? Object.fromEntries(Object.entries(value).map(([name, each]) => [name, shape(each)]))
          : typeof value
    const { delta: _delta, ...expected } = shape(fieldsOf(first!.toString().split('\n\n')[0]!)) as Record<
      string,
      unknown
    >
    expect(shape(fieldsOf(heartbeatAt(recorded.request.path)!))).toMatchObject(
      JSON.parse(JSON.stringify(expected).replace('"role":"string",', '')) as object,
    )
  })

  test('of /v1/responses is a comment for OpenAI’s clients, whose helpers take no event before `response.created`', () => {
    expect(heartbeatAt('/v1/responses', { headers: { 'x-stainless-lang': 'js' } })).toBe(': keep-alive\n\n')
  })

  test('for `ollama run`, whose spinner stops at a line, is a blank', () => {
    const of = (userAgent: string) => heartbeatAt('/api/chat', { headers: { 'user-agent': userAgent } })
    expect(of('ollama/0.33.0 (amd64 linux) Go/go1.24.1')).toBe(' ')
    expect(of('ollama-js/0.6.4')).toMatch(/^\{/)
  })
})

describe('in the answer', () => {
  /** The recorded answer with a heartbeat behind each of its pieces. */
  const padded = ({ request: { path }, response }: Recording, pieces: readonly string[]) => {
    const { heartbeat } = endpointAt(path)
    const check = checkAnswer(response.headers, endpointAt(path))
    return pieces.flatMap((piece, at) => {
      check.push(Buffer.from(piece))
      const bytes = at === pieces.length - 1 ? undefined : heartbeat({ ...waiting, last: check.lastPiece() })
      return bytes ? [piece, Buffer.from(bytes).toString()] : [piece]
    })
  }

  const piecesOf = (recorded: Recording): string[] => {
    const end = recorded.request.path.startsWith('/api/') ? '\n' : '\n\n'
    const text = Buffer.concat(chunksOf(recorded)).toString()
    return text
      .split(end)
      .slice(0, -1)
      .map(piece => piece + end)
  }

  test.each(recordedAnswers.filter(isStream))('of $version: $name changes nothing of the reply', recorded => {
    const fold = (pieces: readonly string[]) => {
      const folded = foldAnswer(recorded.response.headers, endpointAt(recorded.request.path))
      for (const piece of pieces) folded.push(Buffer.from(piece))
      return folded.result()
    }
    const pieces = piecesOf(recorded)
    expect(fold(padded(recorded, pieces))).toEqual(fold(pieces))
  })

  test('has the id and the time of the chunk before it', () => {
    const last = {
      id: 'chatcmpl-7',
      created: 7,
      model: 'm',
      choices: [{ index: 0, delta: { content: 'a' } }],
    }
    expect(fieldsOf(heartbeatAt('/v1/chat/completions', { last })!)).toEqual({
      ...last,
      object: 'chat.completion.chunk',
      system_fingerprint: 'fp_ollama',
      choices: [{ index: 0, delta: { content: '' }, finish_reason: null }],
    })
  })

  test('is none behind the end of a choice', () => {
    const ends = [{ choices: [{ finish_reason: 'stop' }] }, { choices: [], usage: {} }, '[DONE]'] as const
    for (const last of ends) expect(heartbeatAt('/v1/chat/completions', { last })).toBeUndefined()
  })

  test('of /v1/responses is a delta of the same part without text, and a comment where none is open', () => {
    const delta = { type: 'response.output_text.delta', item_id: 'msg_1', output_index: 0, delta: 'Hi' }
    expect(fieldsOf(heartbeatAt('/v1/responses', { last: delta })!)).toEqual({ ...delta, delta: '' })
    expect(heartbeatAt('/v1/responses', { last: { type: 'response.output_item.done' } })).toBe(
      ': keep-alive\n\n',
    )
    expect(heartbeatAt('/v1/responses', { last: '[DONE]' })).toBe(': keep-alive\n\n')
  })
})

test('an error in a stream of /v1/responses says it as codex and as OpenAI’s clients read it', () => {
  const text = Buffer.from(endpointAt('/v1/responses').streamError(502, 'oh', waiting)).toString()
  expect(text).toMatch(/^event: response\.failed\n.*\n\n$/)
  expect(fieldsOf(text)).toMatchObject({
    type: 'response.failed',
    response: { status: 'failed', error: { code: 'server_error', message: 'oh' } },
    error: { message: 'oh', type: 'api_error' },
  })
})

test('the last piece of an answer is known once its line has ended', () => {
  const check = checkAnswer(LINES, endpointAt('/api/chat'))
  expect(check.lastPiece()).toBeUndefined()
  check.push(Buffer.from('{"a":1}\n{"a":'))
  expect(check.lastPiece()).toEqual({ a: 1 })
  expect(checkAnswer([], endpointAt('/api/chat')).lastPiece()).toBeUndefined()
  const events = checkAnswer(EVENTS, endpointAt('/v1/chat/completions'))
  events.push(Buffer.from('data: [DONE]\n\n'))
  expect(events.lastPiece()).toBe('[DONE]')
})
