import { expect, test } from 'vitest'
import { ensureNoViewer, ownerListedFor, type Reveal, type Role, type Sight, sightOf } from './roles.ts'

test.each<[role: Role, owner: 'own' | 'other', reveal: Reveal, sight: Sight]>([
  ['caller', 'own', 'on', 'everything'],
  ['caller', 'own', 'off', 'everything'],
  ['caller', 'other', 'on', 'nothing'],
  ['caller', 'other', 'off', 'nothing'],
  ['viewer', 'own', 'on', 'outline'],
  ['viewer', 'own', 'off', 'outline'],
  ['viewer', 'other', 'on', 'outline'],
  ['viewer', 'other', 'off', 'outline'],
  ['operator', 'own', 'on', 'everything'],
  ['operator', 'own', 'off', 'everything'],
  ['operator', 'other', 'on', 'everything'],
  ['operator', 'other', 'off', 'outline'],
])('a %s sees of a job that is its %s, with FOREMAN_REVEAL=%s: %s', (role, owner, reveal, sight) => {
  expect(sightOf({ role, caller: 'own' }, owner, reveal)).toBe(sight)
})

test('a caller lists its own jobs, the others those of everybody', () => {
  const listed = (role: Role) => ownerListedFor({ role, caller: 'ann' })
  expect([listed('caller'), listed('viewer'), listed('operator')]).toEqual(['ann', undefined, undefined])
})

test('a viewer is refused where something is done', () => {
  ensureNoViewer({ role: 'caller', caller: 'ann' })
  ensureNoViewer({ role: 'operator', caller: 'operator' })
  expect(() => ensureNoViewer({ role: 'viewer', caller: 'viewer' })).toThrow(
    expect.objectContaining({
      status: 403,
      message: expect.stringContaining('FOREMAN_VIEWER_TOKEN') as string,
    }),
  )
})
