import { expect, test } from 'vitest'
import type { JobConditions } from '../../values.ts'
import { foundBy } from './found-by.ts'

test.each<[conditions: JobConditions, leader: string | undefined, isDirect: boolean]>([
  [{}, undefined, true],
  [{ since: 1, until: 2 }, undefined, true],
  [{ state: 'succeeded' }, 'state', true],
  [{ caller: 'ann', since: 1 }, 'caller', true],
  [{ modelName: 'm' }, 'modelName', true],
  [{ state: 'running', caller: 'ann', priority: 'low' }, 'state', true],
  [{ batch: 'b', state: 'succeeded', metadata: { a: '1' } }, 'batch', true],
  [{ caller: 'ann', state: 'queued' }, 'state', false],
  [{ caller: 'ann', state: 'failed', errorCode: 'stall' }, 'state', false],
  [{ caller: 'ann', state: 'succeeded' }, undefined, false],
  [{ caller: 'ann', modelName: 'm' }, undefined, false],
  [{ caller: 'ann', metadata: { a: '1' } }, undefined, false],
  [{ priority: 'low' }, undefined, false],
  [{ errorCode: 'stall' }, undefined, false],
])('jobs of %j are found by %s, directly: %s', (conditions, leader, isDirect) => {
  expect(foundBy(conditions)).toEqual({ leader, isDirect })
})
