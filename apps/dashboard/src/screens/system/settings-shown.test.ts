import type { SystemSetting } from '@foreman/jobs'
import { expect, test } from 'vitest'
import { settingsShown } from './settings-shown.ts'

const settings: SystemSetting[] = [
  { name: 'FOREMAN_ADDR', value: ':8080', is_set: false },
  { name: 'FOREMAN_TOKEN', is_set: true, is_secret: true },
  { name: 'FOREMAN_SHARE_BY', value: 'user', is_set: false, differs: true },
]

test.each<[string | undefined, string | undefined, string[]]>([
  [undefined, undefined, ['SHARE_BY', 'TOKEN']],
  ['all', undefined, ['SHARE_BY', 'ADDR', 'TOKEN']],
  ['differ', undefined, ['SHARE_BY']],
  [undefined, ' addr', ['ADDR']],
  ['differ', 'addr', []],
])('of %s with %s in their names: %s', (kind, name, names) => {
  const shown = settingsShown(settings, { kind, name })
  expect(shown.map(setting => setting.name.replace('FOREMAN_', ''))).toEqual(names)
})
