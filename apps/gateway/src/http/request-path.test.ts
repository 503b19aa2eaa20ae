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
  // No route of the target, and forwarded as they are.
  ['/api/chat/', '/api/chat/', '/api/chat/'],
  ['//api/chat', '//api/chat', '//api/chat'],
  ['/api/../api/chat', '/api/../api/chat', '/api/../api/chat'],
  // Cannot be decoded: the target will refuse it.
  ['/api/chat%', '/api/chat%', '/api/chat%'],
  ['/api/%63hat%ff', '/api/%63hat%ff', '/api/%63hat%ff'],
  // The client thinks that it talks to a proxy.
  ['http://host/api/chat', '/api/chat', '/api/chat'],
  ['HTTP://user:pw@host:80/api/%63hat?x=1', '/api/%63hat?x=1', '/api/chat'],
  ['http://[::1]:80/api/chat', '/api/chat', '/api/chat'],
  ['http://host', '/', '/'],
  ['http://host?x=1', '/?x=1', '/'],
  // Not a path. Must never look like one.
  ['*', '/*', '/*'],
  ['http:/api/chat', '/http:/api/chat', '/http:/api/chat'],
  ['host:80', '/host:80', '/host:80'],
])('%s is forwarded as %s and routed as %s', (url, raw, decoded) => {
  expect(requestPath({ url })).toEqual({ raw, decoded })
})

test('a number sign belongs to the path, because a request has no fragment', () => {
  expect(requestPath({ url: '/api/chat#x' })).toEqual({ raw: '/api/chat#x', decoded: '/api/chat#x' })
  expect(requestPath({ url: '/api/chat?x#y' }).decoded).toBe('/api/chat')
})

test('a request without a path goes to the root', () => {
  expect(requestPath({})).toEqual({ raw: '/', decoded: '/' })
})
