import { expect, test } from 'vitest'
import { answersIn, NotHttpError } from './http-answers.ts'

const read = (text: string) =>
  answersIn(Buffer.from(text)).map(({ status, body, isComplete }) => [status, body.toString(), isComplete])

test('answers with a length, in chunks, without a body and up to the end of the connection are told apart', () => {
  const text = [
    'HTTP/1.1 100 Continue\r\n\r\n',
    'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi',
    'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n1\r\nd\r\n0\r\n\r\n',
    'HTTP/1.1 204 No Content\r\n\r\n',
    'HTTP/1.1 400 Bad Request\r\n\r\nto the end',
  ].join('')
  expect(read(text)).toEqual([
    [200, 'hi', true],
    [200, 'abcd', true],
    [204, '', true],
    [400, 'to the end', true],
  ])
})

test.each([
  ['HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhi', 'hi'],
  ['HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n', 'hi'],
  ['HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n9\r\nhi', 'hi'],
  ['HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n', 'hi'],
])('an answer that was cut is not complete: %j', (text, body) => {
  expect(read(text)).toEqual([[200, body, false]])
})

test.each([
  'hello',
  'hello\r\n\r\n',
  'HTTP/1.1 20 OK\r\n\r\n',
  'HTTP/1.1 200 OK\r\nno header\r\n\r\n',
  'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n',
  'HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nabc',
])('bytes that are no HTTP answer are an error: %j', text => {
  expect(() => read(text)).toThrow(NotHttpError)
})
