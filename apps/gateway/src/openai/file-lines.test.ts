import { expect, test } from 'vitest'
import { linesIn } from './file-lines.ts'

const TEXT = 'one\n\n  \r\ntwo\r\nthree, which is too long\nfour'

test.each([1, 2, 5, 8, 1_000])('the lines of a file are found in parts of %i bytes', async length => {
  const bytes = Buffer.from(TEXT)
  const parts = async function* () {
    for (let at = 0; at < bytes.length; at += length) yield bytes.subarray(at, at + length)
  }
  const lines = await Array.fromAsync(linesIn(parts(), 10))
  expect(lines.map(line => [line.line, line.bytes?.toString()])).toEqual([
    [1, 'one'],
    [4, 'two\r'],
    [5, undefined],
    [6, 'four'],
  ])
})
