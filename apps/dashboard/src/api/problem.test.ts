import { expect, test } from 'vitest'
import { ApiError, messageOf, readProblem } from './problem.ts'

test.each([
  ['{"detail":"/until: must be in the future","code":"invalid_request"}', 'until must be in the future'],
  ['{"title":"Not Found"}', 'Not Found'],
  ['{"error":"model not found"}', 'model not found'],
  ['{"error":{"message":"no such model"}}', 'no such model'],
  ['<html>', 'the server answered with status 422'],
])('of %s, somebody reads: %s', (body, message) => {
  expect(readProblem(422, body).message).toBe(message)
})

test('a refusal keeps its status and its code, and tells whether another token might help', () => {
  expect(readProblem(403, '{"code":"forbidden"}')).toMatchObject({ code: 'forbidden', isAboutRights: true })
  expect(readProblem(409, '{}')).toMatchObject({ status: 409, isAboutRights: false })
})

test('what is no answer is told as that', () => {
  expect(messageOf(new TypeError('Failed to fetch'))).toBe('foreman cannot be reached')
  expect(messageOf(new ApiError(503, 'closed'))).toBe('closed')
})
