import { describe, expect, test } from 'vitest'
import { RedirectError } from '../errors.ts'
import { withinBase } from './within-base.ts'

const rewrite = (
  header: readonly [name: string, value: string],
  { status = 200, base = 'http://ollama:11434', path = '/api/x' } = {},
) =>
  withinBase(
    { status, headers: [['X-Other', 'http://ollama:11434/y'], header] },
    { base: new URL(base), path },
  ).slice(1)

describe('a redirect', () => {
  test.each<[location: string, base: string, path: string]>([
    ['/api/chat', 'http://ollama:11434', '/api/chat'],
    ['chat?a=b#c', 'http://ollama:11434', '/api/chat?a=b#c'],
    ['http://ollama:11434/api/chat', 'http://ollama:11434', '/api/chat'],
    ['//ollama:11434/api/chat', 'http://ollama:11434', '/api/chat'],
    ['HTTP://OLLAMA:11434/api/chat', 'http://ollama:11434/', '/api/chat'],
    ['https://host/ollama/api/chat', 'https://host/ollama', '/api/chat'],
    ['/ollama/api/chat', 'https://host:443/ollama/', '/api/chat'],
    ['/ollama', 'https://host/ollama', '/'],
  ])('to %s under %s becomes the path %s', (location, base, path) => {
    expect(rewrite(['Location', location], { status: 307, base })).toEqual([['Location', path]])
  })

  test.each<[location: string, base: string]>([
    ['http://ollama:11435/api/chat', 'http://ollama:11434'],
    ['https://ollama:11434/api/chat', 'http://ollama:11434'],
    ['//elsewhere/api/chat', 'http://ollama:11434'],
    ['/\\elsewhere/api/chat', 'http://ollama:11434'],
    ['http://ollama:11434//elsewhere/x', 'http://ollama:11434'],
    ['/api/chat', 'https://host/ollama'],
    ['/ollamas/api/chat', 'https://host/ollama'],
    ['../../api', 'https://host/ollama'],
    ['javascript:alert(1)', 'http://ollama:11434'],
    ['http://[', 'http://ollama:11434'],
  ])('to %s, which is not under %s, is refused', (location, base) => {
    expect(() => rewrite(['Location', location], { status: 307, base })).toThrow(RedirectError)
  })

  test('is relative to the path that was asked for, whatever that looks like', () => {
    expect(() => rewrite(['Location', 'y'], { status: 307, path: '//elsewhere/x' })).toThrow(RedirectError)
  })
})

test.each<[name: string, value: string, rewritten: string | undefined]>([
  ['Location', 'http://elsewhere/x', undefined],
  ['Content-Location', 'http://ollama:11434/api/y', '/api/y'],
  ['content-location', 'http://elsewhere/y', undefined],
  ['Link', '</a>; rel=preload', '</a>; rel=preload'],
  [
    'Link',
    '<http://ollama:11434/a?x,y>; rel="next, \\"b\\"" , <http://elsewhere/>; rel=help, <b>',
    '</a?x,y>; rel="next, \\"b\\"", </api/b>',
  ],
  ['Link', '<http://elsewhere/>; rel=help', undefined],
  ['Refresh', '5', '5'],
  ['Refresh', '5; url=http://ollama:11434/a', '5; url=/a'],
  ['refresh', "0;URL='/a'", '0; url=/a'],
  ['Refresh', '0; http://elsewhere/', undefined],
  ['Set-Cookie', 'a=b; Domain=example.org; Secure', 'a=b; Secure'],
  ['Set-Cookie', 'a=b;path=/;domain=.example.org', 'a=b; Path=/'],
  ['Alt-Svc', 'h2="elsewhere:443"', undefined],
  ['X-Any', 'http://elsewhere/', 'http://elsewhere/'],
])('%s: %s becomes %s', (name, value, rewritten) => {
  expect(rewrite([name, value])).toEqual(rewritten === undefined ? [] : [[name, rewritten]])
})

test('the path of a cookie is below the base', () => {
  const base = 'https://host/ollama'
  expect(rewrite(['Set-Cookie', 'a=b; Path=/ollama/api'], { base })).toEqual([
    ['Set-Cookie', 'a=b; Path=/api'],
  ])
  expect(rewrite(['Set-Cookie', 'a=b; Path=/'], { base })).toEqual([['Set-Cookie', 'a=b']])
})
