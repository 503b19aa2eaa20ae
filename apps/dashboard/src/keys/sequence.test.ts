import { expect, test } from 'vitest'
import { KeyReader } from './sequence.ts'

const table = { 'g n': 'now', 'g j': 'jobs', p: 'pause', '?': 'help' }

const press = (...keys: [key: string, at: number][]) => {
  const reader = new KeyReader<string>()
  return keys.map(([key, at]) => reader.press(key, at, table))
}

test('one key does something by itself', () => {
  expect(press(['p', 0], ['?', 1])).toEqual(['pause', 'help'])
})

test('two keys do something together', () => {
  expect(press(['g', 0], ['j', 300])).toEqual([undefined, 'jobs'])
})

test('a second key that comes late begins anew', () => {
  expect(press(['g', 0], ['p', 1_600])).toEqual([undefined, 'pause'])
  expect(press(['g', 0], ['g', 2_000], ['n', 2_100])).toEqual([undefined, undefined, 'now'])
})

test('a second key that means nothing with the first one means what it means alone', () => {
  expect(press(['g', 0], ['p', 100])).toEqual([undefined, 'pause'])
  expect(press(['x', 0])).toEqual([undefined])
})
