import { expect, test } from 'vitest'
import { holdStill } from './still.ts'

const row = (key: string, value = 0) => ({ key, value })
const keyOf = ({ key }: { key: string }) => key

test('rows stay where they are shown, with what is known of them now', () => {
  const { rows } = holdStill([row('a'), row('b')], [row('b', 2), row('a', 1)], keyOf)
  expect(rows).toEqual([row('a', 1), row('b', 2)])
})

test('a row that is gone stays, and is marked', () => {
  const { rows, gone } = holdStill([row('a', 5), row('b')], [row('b')], keyOf)
  expect(rows).toEqual([row('a', 5), row('b')])
  expect(gone).toEqual(new Set(['a']))
})

test('new rows are counted, and not shown', () => {
  const { rows, arrived } = holdStill([row('a')], [row('c'), row('a'), row('b')], keyOf)
  expect([rows.map(keyOf), arrived]).toEqual([['a'], 2])
})

test('new rows are shown below, as long as not too many are gone', () => {
  const first = holdStill([row('a')], [row('b')], keyOf, 1)
  expect([first.rows.map(keyOf), [...first.gone], first.arrived]).toEqual([['a', 'b'], ['a'], 0])
  const second = holdStill(first.rows, [row('c')], keyOf, 1)
  expect([second.rows.map(keyOf), second.arrived]).toEqual([['a', 'b'], 1])
})

test('where nothing was shown, all is', () => {
  expect(holdStill([], [row('a')], keyOf)).toEqual({ rows: [row('a')], gone: new Set(), arrived: 0 })
})
