import { expect, test } from 'vitest'
import { callersOf, parseCallers } from './callers.ts'

test('callers are read from a list', () => {
  expect(parseCallers('')).toEqual([])
  expect(parseCallers(' ann:a:1 , bob.2:$b ,')).toEqual([
    { name: 'ann', token: 'a:1' },
    { name: 'bob.2', token: '$b' },
  ])
  expect(parseCallers('bulk:t:low,ann:a:b:high,bob:low,c:d:urgent')).toEqual([
    { name: 'bulk', token: 't', priority: 'low' },
    { name: 'ann', token: 'a:b', priority: 'high' },
    { name: 'bob', token: 'low' },
    { name: 'c', token: 'd:urgent' },
  ])
})

test.each([
  ['a token without a name', 'secret'],
  ['an empty name', ':secret'],
  ['an empty token', 'ann:'],
  ['a name with a space', 'an n:a'],
  ['a token with a space', 'ann:a b'],
  ['the name of the default caller', 'default:a'],
  ['a name twice', 'ann:a,ann:b'],
  ['a token twice', 'ann:a,bob:a'],
])('%s cannot be used', (_what, text) => {
  expect(parseCallers(text)).toBeUndefined()
})

test('the token without a name belongs to the default caller', () => {
  expect(callersOf(undefined, [])).toEqual([])
  expect(callersOf('t', [{ name: 'ann', token: 'a' }])).toEqual([
    { name: 'default', token: 't' },
    { name: 'ann', token: 'a' },
  ])
})
