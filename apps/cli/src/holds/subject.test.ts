import { expect, test } from 'vitest'
import { openingOf, subjectOf } from './subject.ts'

test.each([
  ['low', 'priority', 'low'],
  ['llama3.3:70b', 'model', 'llama3.3:70b'],
  ['model:low', 'model', 'low'],
  ['caller:ann', 'caller', 'ann'],
])('%s means the %s %s', (word, kind, subject) => {
  expect(subjectOf(word)).toEqual({ kind, subject })
})

test.each(['', 'model:', 'caller:'])('%j means nothing', word => {
  expect(() => subjectOf(word)).toThrow('say what')
})

test('windows open for models and priorities', () => {
  expect(openingOf(subjectOf('low'))).toEqual({ kind: 'open_priority', subject: 'low' })
  expect(openingOf(subjectOf('llama3.2'))).toEqual({ kind: 'open_model', subject: 'llama3.2' })
  expect(() => openingOf(subjectOf('caller:ann'))).toThrow('none for callers')
})
