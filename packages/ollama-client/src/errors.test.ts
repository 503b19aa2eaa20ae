import { describe, expect, test } from 'vitest'
import { ConnectionError, HTTPError, ollamaErrorMessage, StreamError } from './errors.ts'

describe('ollamaErrorMessage', () => {
  test.each<[body: string, message: string | undefined]>([
    [`{"error":"model 'x' not found"}`, `model 'x' not found`],
    ['{"error":"unauthorized","signin_url":"https://x"}', 'unauthorized'],
    ['{"error":{"message":"EOF","type":"invalid_request_error","param":null,"code":null}}', 'EOF'],
    ['{"type":"error","error":{"type":"not_found_error","message":"no"},"request_id":"r"}', 'no'],
    [' {"error":"padded"}\n', 'padded'],
    ['{"error":""}', ''],
    ['{"error":{"type":"x"}}', undefined],
    ['{"error":null}', undefined],
    ['{"error":5}', undefined],
    ['{"done":true}', undefined],
    ['[{"error":"x"}]', undefined],
    ['"error"', undefined],
    ['null', undefined],
    ['404 page not found', undefined],
    ['', undefined],
  ])('%s → %s', (body, message) => {
    expect(ollamaErrorMessage(body)).toBe(message)
    expect(ollamaErrorMessage(Buffer.from(body))).toBe(message)
  })
})

test('the message of an HTTP error is the error text of the server, or else the status text', () => {
  expect(new HTTPError(404, '{"error":"gone"}')).toMatchObject({
    name: 'HTTPError',
    code: 'ERR_OLLAMA_HTTP',
    status: 404,
    body: '{"error":"gone"}',
    message: 'gone',
  })
  expect(new HTTPError(404, 'page', { statusMessage: 'Nothing Here' }).message).toBe('Nothing Here')
  expect(new HTTPError(502, '').message).toBe('Bad Gateway')
  expect(new HTTPError(599, '{"error":""}').message).toBe('HTTP status 599')
})

test('every error has a code and keeps its cause', () => {
  const cause = new Error('below')
  expect(new ConnectionError('m', { cause, connected: true, anyByte: false })).toMatchObject({
    name: 'ConnectionError',
    code: 'ERR_OLLAMA_CONNECTION',
    cause,
    connected: true,
    anyByte: false,
  })
  expect(new HTTPError(500, '', { cause }).cause).toBe(cause)
  expect(new StreamError('m', { cause })).toMatchObject({
    name: 'StreamError',
    code: 'ERR_OLLAMA_STREAM',
    cause,
  })
})
