import { expect, test } from 'vitest'
import { walk } from './walk.ts'

test.each([
  ['ArrowLeft', 2, 1],
  ['ArrowRight', 2, 3],
  ['ArrowLeft', 0, 0],
  ['ArrowRight', 4, 4],
  ['Home', 3, 0],
  ['End', 1, 4],
  ['Enter', 1, undefined],
])('%s leads from %d of five to %s', (key, at, to) => {
  expect(walk(key, at, 5)).toBe(to)
})

test('where there is nothing, no key leads anywhere', () => {
  expect(walk('Home', 0, 0)).toBeUndefined()
})
