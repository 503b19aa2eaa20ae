import { expect, test } from 'vitest'
import { originPolicy } from './origins.ts'

test.each([
  'http://localhost',
  'https://localhost:3000',
  'http://127.0.0.1:11434',
  'HTTP://LOCALHOST:1',
  'app://anything',
  'vscode-webview://x',
])('%s may call without being configured', origin => {
  expect(originPolicy('')?.allows(origin)).toBe(true)
})

test.each(['http://example.com', 'http://localhost.example.com', 'https://localhostx', 'null', ''])(
  '%j may not',
  origin => {
    expect(originPolicy('')?.allows(origin)).toBe(false)
  },
)

test('configured origins may call as well', () => {
  const policy = originPolicy(' https://A.example , https://*.b.example:80 ,')
  expect(policy?.any).toBe(false)
  const allowed = ['https://a.example', 'https://x.B.example:80', 'http://localhost']
  expect(allowed.filter(origin => !policy?.allows(origin))).toEqual([])
  const refused = ['https://a.example.com', 'http://a.example', 'https://.b.example', 'https://b.example:80']
  expect(refused.filter(origin => policy?.allows(origin))).toEqual([])
})

test('a single * allows every origin', () => {
  const policy = originPolicy('*')
  expect([policy?.any, policy?.allows('https://anywhere.example')]).toEqual([true, true])
})

test('an entry with two * cannot be used', () => {
  expect(originPolicy('https://a.example,https://*.*.example')).toBeUndefined()
})
