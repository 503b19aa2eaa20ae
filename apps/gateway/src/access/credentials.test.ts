import { expect, test } from 'vitest'
import { tokensIn } from './credentials.ts'

const basic = (text: string) => `Basic ${Buffer.from(text).toString('base64')}`

test.each<[what: string, authorization: string, token: string]>([
  ['a bearer token', 'Bearer a b', 'a b'],
  ['the password of Basic, with any user', basic('any:secret'), 'secret'],
  ['the password without a user', basic(':secret'), 'secret'],
  ['a password with colons', basic('any:a:1:'), 'a:1:'],
  ['the user of Basic without a password', basic('secret:'), 'secret'],
  ['the password next to a user in other letters', basic('Zoë 🙂:secret'), 'secret'],
  ['Basic in any case, after several spaces', basic('any:secret').replace('Basic', 'bASIC  '), 'secret'],
  ['base64 without its padding', basic('any:secret').replace(/=+$/, ''), 'secret'],
])('a token is %s', (_what, authorization, token) => {
  expect(tokensIn({ authorization })).toEqual([token])
})

test.each<[what: string, authorization: string]>([
  ['nothing', ''],
  ['a scheme alone', 'Basic'],
  ['an empty user and password', basic(':')],
  ['Basic without a colon', basic('secret')],
  ['what is no base64', 'Basic any:secret'],
  ['base64 with something behind it', `${basic('any:secret')} x`],
  ['base64 with padding inside', 'Basic YW55OnM=ZWNyZXQ='],
  ['another scheme', `Digest ${basic('any:secret').slice(6)}`],
])('%s is no token', (_what, authorization) => {
  expect(tokensIn({ authorization })).toEqual([])
})

test('each of the two headers may carry one', () => {
  expect(tokensIn({ authorization: basic('any:one'), 'x-api-key': 'two' })).toEqual(['one', 'two'])
  expect(tokensIn({ 'x-api-key': '' })).toEqual([])
})
