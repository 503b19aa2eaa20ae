import type { Priority } from '@foreman/jobs'
import { describe, expect, test } from 'vitest'
import { priorityOf, priorityWithin } from './priority.ts'

const asked = (headers: Record<string, string>, ofToken?: Priority) => priorityOf({ headers }, ofToken)

describe('the priority of a request', () => {
  test.each<[headers: Record<string, string>, ofToken: Priority | undefined, priority: Priority]>([
    [{}, undefined, 'normal'],
    [{}, 'low', 'low'],
    [{}, 'high', 'high'],
    [{ 'x-foreman-priority': 'high' }, undefined, 'high'],
    [{ 'x-foreman-priority': 'low' }, 'high', 'low'],
    [{ 'x-foreman-priority': 'low' }, 'low', 'low'],
    [{ 'x-foreman-task': 'title_generation' }, undefined, 'low'],
    [{ 'x-foreman-task': 'title_generation' }, 'high', 'low'],
    [{ 'x-foreman-task': 'of a kind that nobody knows' }, undefined, 'low'],
    [{ 'x-foreman-task': 'query_generation' }, undefined, 'normal'],
    [{ 'x-foreman-task': 'query_generation' }, 'high', 'high'],
    [{ 'x-foreman-task': '' }, undefined, 'normal'],
    [{ 'x-foreman-task': 'tags', 'x-foreman-priority': 'normal' }, undefined, 'normal'],
  ])('%j of a token with the priority %s is %s', (headers, ofToken, priority) => {
    expect(asked(headers, ofToken)).toBe(priority)
  })

  test.each(['', 'High', 'urgent', 'low, high'])('%j is refused', value => {
    expect(() => asked({ 'x-foreman-priority': value })).toThrow(
      expect.objectContaining({ status: 400, message: 'X-Foreman-Priority must be high, normal or low' }),
    )
  })

  test('may not be above that of the token', () => {
    expect(() => asked({ 'x-foreman-priority': 'high' }, 'normal')).toThrow(
      'X-Foreman-Priority: high is above the priority of this token, normal',
    )
  })
})

test.each<[wish: Priority | undefined, ofToken: Priority | undefined, priority: Priority | undefined]>([
  [undefined, undefined, 'normal'],
  [undefined, 'low', 'low'],
  ['high', undefined, 'high'],
  ['low', 'normal', 'low'],
  ['normal', 'low', undefined],
])('of a submission that asks for %s with a token of %s, it is %s', (wish, ofToken, priority) => {
  expect(priorityWithin(wish, ofToken)).toBe(priority)
})
