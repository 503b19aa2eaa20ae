import { expect, test } from 'vitest'
import { answersIn } from './http-answers.ts'
import { faultIn } from './oracle.ts'

const answer = (status: number, type: string, body: string, more = '') =>
  answersIn(
    Buffer.from(
      `HTTP/1.1 ${status} X\r\nContent-Type: ${type}\r\n${more}Content-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
    ),
  )[0]!

const openaiError = '{"error":{"message":"m","type":"api_error","param":null,"code":null}}'

test.each([
  ['/api/chat', answer(200, 'application/json; charset=utf-8', '{"done":true}')],
  ['/api/chat', answer(200, 'application/x-ndjson', ' {"done":false}\n{"done":true}\n')],
  ['/v1/completions', answer(200, 'text/event-stream', ': keep-alive\n\ndata: [DONE]\n\n')],
  ['/api/chat', answer(400, 'application/json', '{"error":"no"}')],
  ['/v1/completions', answer(503, 'application/json', openaiError)],
  ['/v1/messages', answer(400, 'application/json', '{"type":"error","error":{"type":"t","message":"m"}}')],
  ['/jobs', answer(422, 'application/problem+json', '{"code":"invalid_job","detail":"no"}')],
  [undefined, answer(400, 'text/plain', 'bare LF', 'Connection: close\r\n')],
])('a right answer of %s has no fault', (path, right) => {
  expect(faultIn(right, path)).toBeUndefined()
})

test.each([
  ['/api/chat', answer(200, 'application/json', '{"done":tr'), /no JSON/],
  ['/api/chat', answer(200, 'application/x-ndjson', 'nonsense\n'), /no lines/],
  ['/v1/completions', answer(200, 'text/event-stream', 'data: half'), /no whole event/],
  ['/api/chat', answer(200, 'text/html', '<p>'), /content type/],
  ['/api/chat', answer(302, 'text/html', ''), /no route has/],
  ['/api/chat', answer(400, 'application/json', openaiError), /dialect/],
  ['/v1/messages', answer(400, 'application/json', openaiError), /dialect/],
  ['/jobs', answer(400, 'application/json', '{"error":"no"}'), /dialect/],
  ['/api/chat', answer(500, 'application/json', '{"error":"internal error"}'), /own/],
  ['/api/chat', { ...answer(200, 'application/json', '{"response":"hal'), isComplete: false }, /cut/],
])('a wrong answer of %s has a fault', (path, wrong, fault) => {
  expect(faultIn(wrong, path)).toMatch(fault)
})
