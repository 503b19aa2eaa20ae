import { expect, test } from 'vitest'
import { TextLog } from './text-log.ts'

const logOf = (...texts: readonly string[]): TextLog => {
  const log = new TextLog()
  for (const text of texts) log.append(text)
  return log
}

test('a short text is one block that grows', () => {
  expect(logOf('Hello', ' you').blocks).toEqual(['Hello you'])
})

test('a long text is divided between lines, and nothing of it is lost', () => {
  const text = 'a line of some words\n'.repeat(2_000)
  const { blocks } = logOf(...text.match(/.{1,7}\n?/g)!)
  expect(blocks.join('')).toBe(text)
  expect(blocks.length).toBeGreaterThan(5)
  expect(blocks.slice(0, -1).every(block => block.endsWith('\n'))).toBe(true)
})

test.each([
  ['words', 'word '.repeat(10_000)],
  ['nothing but letters', 'x'.repeat(50_000)],
  ['characters of two units', `x${'😀'.repeat(20_000)}`],
])('%s without a line end are divided as well', (_what, text) => {
  const { blocks } = logOf(text)
  expect(blocks.join('')).toBe(text)
  expect(blocks.every(block => block.length <= 8_000 && block.isWellFormed())).toBe(true)
})
