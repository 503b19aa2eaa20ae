import { expect, test } from 'vitest'
import { identitiesOf, type Tokens } from './identities.ts'
import type { Role } from './roles.ts'

const tokens = (...names: string[]) => names.map(name => ({ name, token: name }))

test.each<[what: string, given: Partial<Tokens>, roles: [caller: string, role: Role][]]>([
  ['nobody', {}, []],
  ['one caller', { token: 't' }, [['default', 'operator']]],
  ['one caller with a name', { tokens: tokens('ann') }, [['ann', 'operator']]],
  [
    'several callers',
    { token: 't', tokens: tokens('ann') },
    [
      ['default', 'caller'],
      ['ann', 'caller'],
    ],
  ],
  ['an operator alone', { operatorToken: 'o' }, [['operator', 'operator']]],
  [
    'one caller and an operator',
    { token: 't', operatorToken: 'o' },
    [
      ['default', 'caller'],
      ['operator', 'operator'],
    ],
  ],
  [
    'one caller and a viewer',
    { token: 't', viewerToken: 'v' },
    [
      ['default', 'operator'],
      ['viewer', 'viewer'],
    ],
  ],
  [
    'several callers and a viewer',
    { tokens: tokens('ann', 'bob'), viewerToken: 'v' },
    [
      ['ann', 'caller'],
      ['bob', 'caller'],
      ['viewer', 'viewer'],
    ],
  ],
])('the roles of %s', (_what, given, roles) => {
  const none: Tokens = { token: undefined, tokens: [], operatorToken: undefined, viewerToken: undefined }
  const identities = identitiesOf({ ...none, ...given })
  expect(identities.map(({ caller, role }) => [caller, role])).toEqual(roles)
})
