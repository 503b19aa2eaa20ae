import { expect, test } from 'vitest'
import { formatRoute, parseRoute } from './route.ts'

test.each([
  ['', { screen: '', filters: {} }],
  ['#/', { screen: '', filters: {} }],
  ['#/jobs', { screen: 'jobs', filters: {} }],
  ['#/jobs/job_1', { screen: 'jobs', id: 'job_1', filters: {} }],
  ['#/jobs?state=queued&model=a%2Fb%3A1', { screen: 'jobs', filters: { state: 'queued', model: 'a/b:1' } }],
  ['#/models/library%2Fllama3', { screen: 'models', id: 'library/llama3', filters: {} }],
  ['#/jobs/%zz', { screen: 'jobs', id: '%zz', filters: {} }],
])('%s is read', (hash, route) => {
  expect(parseRoute(hash)).toEqual(route)
})

test('what is written is read as the same', () => {
  const route = { screen: 'jobs', id: 'a/b', filters: { 'meta.key': 'a&b = c', model: 'llama3.3:70b' } }
  expect(parseRoute(formatRoute(route))).toEqual(route)
})

test('a filter without a value is left out', () => {
  expect(formatRoute({ screen: 'jobs', filters: { state: '', model: 'a' } })).toBe('#/jobs?model=a')
})
