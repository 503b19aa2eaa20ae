import { expect, test } from 'vitest'
import { requestPath } from './request-path.ts'

test.each<[url: string, raw: string, decoded: string]>([
  ['/', '/', '/'],
  ['/api/chat', '/api/chat', '/api/chat'],
  ['/api/chat?x=1&y=/api/tags', '/api/chat?x=1&y=/api/tags', '/api/chat'],
  ['/api/chat?', '/api/chat?', '/api/chat'],
  ['/api/%63hat', '/api/%63hat', '/api/chat'],
  ['/api%2Fchat', '/api%2Fchat', '/api/chat'],
  ['/api/chat%3Fx', '/api/chat%3Fx', '/api/chat?x'],
  ['/api/%E2%82%AC', '/api/%E2%82%AC', '/api/\u20ac'],
  ['/api/a+b', '/api/a+b', '/api/a+b'],
  // Nobody's route, and nothing to repair.
  ['/api/chat/', '/api/chat/', '/api/chat/'],
  ['//api/chat', '//api/chat', '//api/chat'],
  ['/api/../api/chat', '/api/../api/chat', '/api/../api/chat'],
  // Not decodable: the target refuses it.
  ['/api/chat%', '/api/chat%', '/api/chat%'],
  ['/api/%63hat%ff', '/api/%63hat%ff', '/api/%63hat%ff'],
  // As a proxy's client asks.
  ['http://host/api/chat', '/api/chat', '/api/chat'],
  ['HTTP://user:pw@host:80/api/%63hat?x=1', '/api/%63hat?x=1', '/api/chat'],
  ['http://[::1]:80/api/chat', '/api/chat', '/api/chat'],
  ['http://host', '/', '/'],
  ['http://host?x=1', '/?x=1', '/'],
  // No path of anybody's, and never to be taken for one.
  ['*', '/*', '/*'],
  ['http:/api/chat', '/http:/api/chat', '/http:/api/chat'],
  ['host:80', '/host:80', '/host:80'],
])('%s goes on as %s and is meant for %s', (url, raw, decoded) => {
  expect(requestPath({ url })).toEqual({ raw, decoded })
})

test('a number sign is a part of the path: a request has no fragment', () => {
  expect(requestPath({ url: '/api/chat#x' })).toEqual({ raw: '/api/chat#x', decoded: '/api/chat#x' })
  expect(requestPath({ url: '/api/chat?x#y' }).decoded).toBe('/api/chat')
})

test('a request without a path is for the root', () => {
  expect(requestPath({})).toEqual({ raw: '/', decoded: '/' })
})
