import type { Sender } from '@foreman/store'
import type { IncomingMessage } from 'node:http'
import { describe, expect, test } from 'vitest'
import { senderOf, type Sharing } from './sender.ts'

const sentBy = (
  headers: IncomingMessage['headers'],
  sharing: Partial<Sharing> = {},
  user?: string,
): Sender => {
  const socket = { remoteAddress: '10.0.0.7' } as IncomingMessage['socket']
  const options: Sharing = { by: 'user', trustProxy: false, hasTokens: true, ...sharing }
  return senderOf({ headers, socket }, { caller: 'team', user }, options)
}

describe('a sender', () => {
  test.each<[what: string, headers: IncomingMessage['headers'], user: string | undefined, sender: string]>([
    ['its address when nothing names it', {}, undefined, '10.0.0.7'],
    ['the user that the body names', {}, 'ann', 'ann'],
    ['the user of the header before that of the body', { 'x-user-id': 'bob' }, 'ann', 'bob'],
    ['the user of Open WebUI', { 'x-openwebui-user-id': 'u-1' }, undefined, 'u-1'],
    [
      "the user of foreman's own header before all others",
      { 'x-foreman-user': 'me', 'x-openwebui-user-id': 'u-1', 'x-user-id': 'bob' },
      undefined,
      'me',
    ],
    ['its address when the name is empty', { 'x-foreman-user': '' }, '', '10.0.0.7'],
    [
      'the first hundred characters of a long name',
      { 'x-foreman-user': 'x'.repeat(500) },
      undefined,
      'x'.repeat(100),
    ],
  ])('is %s', (_what, headers, user, sender) => {
    expect(sentBy(headers, {}, user)).toEqual({ account: 'team', sender })
  })

  test('belongs to its address where callers have no tokens', () => {
    expect(sentBy({ 'x-foreman-user': 'ann' }, { hasTokens: false })).toEqual({
      account: '10.0.0.7',
      sender: 'ann',
    })
  })

  test('is its caller alone, or nobody, if the operator wants so', () => {
    const headers = { 'x-foreman-user': 'ann' }
    expect(sentBy(headers, { by: 'token' })).toEqual({ account: 'team', sender: '' })
    expect(sentBy(headers, { by: 'off' })).toEqual({ account: '', sender: '' })
  })

  test('has the address that a trusted proxy has added, and not one that it has made up', () => {
    const headers = { 'x-forwarded-for': '1.1.1.1, 192.168.0.9' }
    expect(sentBy(headers, { trustProxy: true }).sender).toBe('192.168.0.9')
    expect(sentBy(headers, { trustProxy: false }).sender).toBe('10.0.0.7')
    expect(sentBy({}, { trustProxy: true }).sender).toBe('10.0.0.7')
  })
})
