import { expect, test } from 'vitest'
import operations from '../../../../../docs/operations.md?raw'
import { troubleOf } from './troubles.ts'

const reasons = [...operations.matchAll(/^\| `([a-z_]+)` \| (?:yes|no) \|/gm)].map(([, name]) => name!)

test('every reason that docs/operations.md names has words of its own', () => {
  expect(reasons.length).toBeGreaterThan(9)
  const unknown = troubleOf('unheard_of').todo
  expect(reasons.filter(name => name !== 'closed' && troubleOf(name).todo === unknown)).toEqual([])
})

test('a reason that nobody knows is told by its name', () => {
  expect(troubleOf('disk_on_fire').what).toBe('disk on fire.')
})
