import { expect, test } from 'vitest'
import { Looks } from './looks.ts'

test('each keeps its letter and its colour', () => {
  const looks = new Looks()
  expect(looks.of('a:1')).toEqual({ letter: 'A', look: 'm0' })
  expect(looks.of('b:1')).toEqual({ letter: 'B', look: 'm1' })
  expect(looks.of('a:1')).toEqual({ letter: 'A', look: 'm0' })
})

test('colours come again, letters do not', () => {
  const looks = new Looks()
  const all = Array.from({ length: 60 }, (_, index) => looks.of(`model-${index}`))
  expect(new Set(all.map(({ look }) => look)).size).toBe(8)
  expect(new Set(all.map(({ letter }) => letter)).size).toBe(60)
  expect(all[26]!.letter).toBe('A2')
})
