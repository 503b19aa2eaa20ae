import { canonicalModelName } from '@foreman/ollama-client'
import type { JobConditions } from '@foreman/store'
import { expect, test } from 'vitest'
import { areFoundDirectly, conditionsOf } from './conditions.ts'

test.each<[conditions: JobConditions, direct: boolean]>([
  [{}, true],
  [{ state: 'failed' }, true],
  [{ caller: 'ann', since: 1 }, true],
  [{ modelName: 'm' }, true],
  [{ caller: 'ann', state: 'queued' }, false],
  [{ caller: 'ann', modelName: 'm' }, false],
  [{ caller: 'ann', state: 'running' }, true],
  [{ priority: 'low' }, false],
  [{ errorCode: 'stall' }, false],
])('jobs of %j are found directly: %s', (conditions, direct) => {
  expect(areFoundDirectly(conditions)).toBe(direct)
})

test('a caller means its own jobs, and nobody else means less than it says', () => {
  const ann = { role: 'caller', caller: 'ann' } as const
  expect(conditionsOf({ code: 'stall' }, ann)).toMatchObject({ caller: 'ann', errorCode: 'stall' })
  expect(conditionsOf({ caller: 'ann' }, ann)).toMatchObject({ caller: 'ann' })
  expect(conditionsOf({ caller: 'bob' }, ann)).toBeUndefined()
  for (const role of ['viewer', 'operator'] as const) {
    const who = { role, caller: role }
    expect(conditionsOf({ model: 'm' }, who)).toMatchObject({
      caller: undefined,
      modelName: canonicalModelName('m'),
    })
    expect(conditionsOf({ caller: 'bob' }, who)).toMatchObject({ caller: 'bob' })
  }
})
