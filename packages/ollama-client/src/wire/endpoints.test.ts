import { describe, expect, test } from 'vitest'
import { bodyOf, recordings } from '../testing/recording.ts'
import { dialects } from './dialects.ts'
import { dialectOf, generatingEndpoint, routeAt } from './endpoints.ts'

const textOf = (bytes: Uint8Array): string => Buffer.from(bytes).toString()

test.each<[method: string, path: string, prompt: string]>([
  ['POST', '/api/chat', 'messages'],
  ['POST', '/api/generate', 'prompt'],
  ['POST', '/v1/chat/completions', 'messages'],
  ['POST', '/v1/completions', 'prompt'],
  ['POST', '/v1/responses', 'input'],
  ['POST', '/v1/messages', 'messages'],
  ['POST', '/v1/images/generations', 'prompt'],
  ['POST', '/v1/images/edits', 'prompt'],
  ['POST', '/v1/audio/transcriptions', 'file'],
])('%s %s generates from the field %s', (method, path, prompt) => {
  expect(generatingEndpoint(path, method)).toMatchObject({ path, prompt })
})

test.each([
  ['GET', '/api/chat'],
  ['HEAD', '/api/generate'],
  ['OPTIONS', '/api/chat'],
  ['post', '/api/chat'],
  ['POST', '/API/chat'],
  ['POST', '/api/chat/'],
  ['POST', '//api/chat'],
  ['POST', '/api/./chat'],
  ['POST', '/api/chat?x=1'],
  ['POST', '/api/chats'],
  ['POST', '/api'],
  ['POST', ''],
  ['POST', '/api/embed'],
  ['POST', '/api/embeddings'],
  ['POST', '/api/show'],
])('%s %s does not generate', (method, path) => {
  expect(generatingEndpoint(path, method)).toBeUndefined()
})

test.each([
  ['/api/chat', 'native'],
  ['/healthz', 'native'],
  ['/v1/models', 'openai'],
  ['/v1/embeddings', 'openai'],
  ['/v1/messages', 'anthropic'],
  ['/v1/messages/count_tokens', 'anthropic'],
])('errors of %s are in the %s dialect', (path, name) => {
  expect(dialectOf(path).name).toBe(name)
})

describe('an error instead of an answer', () => {
  test('is an object in the form of Ollama', () => {
    const { contentType, body } = dialects.native.error(404, 'no "m" here')
    expect(contentType).toBe('application/json; charset=utf-8')
    expect(textOf(body)).toBe('{"error":"no \\"m\\" here"}')
  })

  test.each([
    [401, 'authentication_error', 'authentication_error'],
    [404, 'not_found_error', 'not_found_error'],
    [413, 'invalid_request_error', 'request_too_large'],
    [503, 'api_error', 'overloaded_error'],
    [507, 'api_error', 'api_error'],
  ])('with status %i has the type %s for OpenAI and %s for Anthropic', (status, openai, anthropic) => {
    expect(JSON.parse(textOf(dialects.openai.error(status, 'oh').body))).toEqual({
      error: { message: 'oh', type: openai, param: null, code: null },
    })
    expect(JSON.parse(textOf(dialects.anthropic.error(status, 'oh').body))).toEqual({
      type: 'error',
      error: { type: anthropic, message: 'oh' },
      request_id: expect.stringMatching(/^req_[0-9a-f]{24}$/) as string,
    })
  })
})

describe('an error that a real Ollama was recorded to send', () => {
  const isJson = (text: string): boolean => text.startsWith('{')
  const errors = recordings.filter(one => one.response.status >= 400 && isJson(bodyOf(one).toString()))

  test.each(errors)('$version: $name is the same as the error that foreman would write', recorded => {
    const sent = JSON.parse(bodyOf(recorded).toString()) as { error: string | { message: string } }
    const message = typeof sent.error === 'string' ? sent.error : sent.error.message
    const { body } = dialectOf(recorded.request.path).error(recorded.response.status, message)
    // Each Anthropic error has an id of its own.
    const masked = (text: string): unknown => JSON.parse(text.replace(/"req_[0-9a-f]{24}"/, '"req_…"'))
    expect(masked(textOf(body))).toEqual(masked(JSON.stringify(sent)))
  })
})

describe('an error after pieces', () => {
  test('is one more piece, whatever its message is', () => {
    expect(textOf(dialects.native.stream.error(502, 'a\nb'))).toBe('{"error":"a\\nb"}\n')
    expect(textOf(dialects.openai.stream.error(502, 'a'))).toMatch(/^data: \{"error":.*\}\n\n$/)
    expect(textOf(dialects.anthropic.stream.error(502, 'a'))).toMatch(/^event: error\ndata: .*\n\n$/)
  })
})

describe('a heartbeat', () => {
  test.each([
    ['native', '', true],
    ['native', '{"done":false}\n', true],
    ['native', '{"done":fa', false],
    ['openai', 'data: {}\n\n', true],
    ['openai', 'data: {}\n', false],
    ['anthropic', 'event: x\ndata: {}\n\n', true],
    ['anthropic', 'event: x\n', false],
  ] as const)('of the %s dialect may follow %j: %s', (name, sent, may) => {
    expect(dialects[name].stream.isBetweenPieces(Buffer.from(sent).subarray(-2))).toBe(may)
  })
})

test.each([
  ['/', 'metadata'],
  ['/api/tags', 'metadata'],
  ['/v1/models/plain', 'metadata'],
  ['/v1/models/a/b', undefined],
  ['/v1/embeddings', 'embedding'],
  ['/api/chat', 'generating'],
  ['/v1/messages', 'generating'],
  ['/v1/audio/transcriptions', 'generating'],
  ['/v1/messages/count_tokens', undefined],
  ['/api/blobs/sha256:00', 'management'],
  ['/api/blobs/', undefined],
  ['/api/blobs', undefined],
  ['/api/pull/', undefined],
  ['/nothing', undefined],
])('the route at %s is of the kind %s', (path, kind) => {
  expect(routeAt(path)?.kind).toBe(kind)
})
