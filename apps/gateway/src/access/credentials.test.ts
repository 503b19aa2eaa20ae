import { expect, test } from 'vitest'
import { credentialsIn } from './credentials.ts'

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
  expect(credentialsIn({ authorization })).toEqual({ tokens: [token], areMissing: false })
})

test.each<[what: string, authorization: string, areMissing: boolean]>([
  ['nothing', '', true],
  ['Bearer alone', 'Bearer', true],
  ['Basic alone', 'Basic', true],
  ['an empty user and password', basic(':'), true],
  ['Basic without a colon', basic('secret'), false],
  ['what is no base64', 'Basic any:secret', false],
  ['base64 with something behind it', `${basic('any:secret')} x`, false],
  ['base64 with padding inside', 'Basic YW55OnM=ZWNyZXQ=', false],
  ['another scheme', `Digest ${basic('any:secret').slice(6)}`, false],
  ['a token without a scheme', 'secret', false],
])('%s is no token; whether credentials are missing: %s', (_what, authorization, areMissing) => {
  expect(credentialsIn({ authorization })).toEqual({ tokens: [], areMissing })
})

test('each of the two headers may carry a token', () => {
  const both = credentialsIn({ authorization: basic('any:one'), 'x-api-key': 'two' })
  expect(both).toEqual({ tokens: ['one', 'two'], areMissing: false })
  expect(credentialsIn({ 'x-api-key': '' })).toEqual({ tokens: [], areMissing: true })
  expect(credentialsIn({ authorization: 'Bearer', 'x-api-key': 'two' }).areMissing).toBe(false)
})
