import { canonicalModelName } from '@foreman/ollama-client'
import { expect, test } from 'vitest'
import { conditionsOf, whoseAndWhen } from './conditions.ts'

const ANN = { role: 'caller', caller: 'ann' } as const

test('a caller means its own jobs, and nobody else means less than it says', () => {
  expect(conditionsOf({ code: 'stall' }, ANN, 'on')).toMatchObject({ caller: 'ann', errorCode: 'stall' })
  expect(conditionsOf({ caller: 'ann' }, ANN, 'on')).toMatchObject({ caller: 'ann' })
  expect(conditionsOf({ caller: 'bob' }, ANN, 'on')).toBeUndefined()
  for (const role of ['viewer', 'operator'] as const) {
    const who = { role, caller: role }
    expect(conditionsOf({ model: 'm' }, who, 'on')).toMatchObject({
      caller: undefined,
      modelName: canonicalModelName('m'),
    })
    expect(conditionsOf({ caller: 'bob' }, who, 'on')).toMatchObject({ caller: 'bob' })
  }
})

test('times are read, whatever their offset', () => {
  const asked = { since: '1970-01-01T00:00:01Z', until: '1970-01-01T02:00:00+01:00' }
  expect(whoseAndWhen(asked, ANN)).toEqual({ caller: 'ann', since: 1_000, until: 3_600_000 })
})

test('values of metadata are texts, as in a query', () => {
  const meta = { a: 'x', b: 7, c: true, d: null, e: 1.5 }
  expect(conditionsOf({ meta }, ANN, 'on')?.metadata).toEqual({
    a: 'x',
    b: '7',
    c: 'true',
    d: 'null',
    e: '1.5',
  })
})

test('whoever does not see metadata cannot ask for it', () => {
  const meta = { a: 'x' }
  const OPERATOR = { role: 'operator', caller: 'operator' } as const
  const VIEWER = { role: 'viewer', caller: 'viewer' } as const
  for (const [asked, who, reveal] of [
    [{ meta }, VIEWER, 'on'],
    [{ meta, caller: 'viewer' }, VIEWER, 'on'],
    [{ meta }, OPERATOR, 'off'],
    [{ meta, caller: 'ann' }, OPERATOR, 'off'],
  ] as const)
    expect(() => conditionsOf(asked, who, reveal)).toThrow(expect.objectContaining({ status: 403 }))
  expect(conditionsOf({ meta }, OPERATOR, 'on')).toMatchObject({ metadata: meta })
  expect(conditionsOf({ meta, caller: 'operator' }, OPERATOR, 'off')).toMatchObject({ metadata: meta })
  expect(conditionsOf({ meta }, ANN, 'off')).toMatchObject({ caller: 'ann', metadata: meta })
})
