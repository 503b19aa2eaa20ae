import fc from 'fast-check'
import { expect, test } from 'vitest'
import { keyOf, parseSecrets } from './secret.ts'

test.each([
  ['padded base64', 'whsec_a2V5IQ==', 'key!'],
  ['base64 without its padding', 'whsec_a2V5IQ', 'key!'],
  ['one byte', 'whsec_YQ==', 'a'],
  ['any other text', 'just text', 'just text'],
])('a secret may be %s', (_what, secret, key) => {
  expect(keyOf(secret).toString()).toBe(key)
})

test('every key can be written as a secret, with and without padding', () => {
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 1, maxLength: 70 }), bytes => {
      const encoded = Buffer.from(bytes).toString('base64')
      for (const text of [encoded, encoded.replace(/=+$/, '')])
        expect(keyOf(`whsec_${text}`)).toEqual(Buffer.from(bytes))
    }),
  )
})

test.each([
  ['nothing', 'whsec_'],
  ['padding only', 'whsec_=='],
  ['a character that is none of base64', 'whsec_not*base64'],
  ['the alphabet for URLs', 'whsec_-_-_'],
  ['a lone last character', 'whsec_a2V5I'],
  ['a lone character', 'whsec_a'],
  ['bits that belong to no byte', 'whsec_a2V5IR=='],
  ['bits that belong to no byte, without padding', 'whsec_a2V5IR'],
  ['half of its padding', 'whsec_a2V5IQ='],
  ['too much padding', 'whsec_a2V5a2V5='],
])('whsec_ must not be followed by %s, and no message repeats the secret', (_what, secret) => {
  expect(() => keyOf(secret)).toThrow(TypeError)
  expect(() => keyOf(secret)).not.toThrow(secret === 'whsec_' ? /$^/ : secret)
  expect(parseSecrets(`fine ${secret}`)).toBeUndefined()
})
