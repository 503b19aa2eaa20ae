import { describe, expect, test } from 'vitest'
import { FormError, formPiecesOf } from './form-stream.ts'

const TYPE = 'multipart/form-data; boundary=b'
const part = (name: string, value: string, more = '') =>
  `--b\r\nContent-Disposition: form-data; name="${name}"${more}\r\n\r\n${value}\r\n`
const END = '--b--\r\n'

/** The parts of a form that comes in pieces of a length. */
const read = async (form: string, length: number, type = TYPE) => {
  const bytes = Buffer.from(form)
  const pieces = async function* () {
    for (let at = 0; at < bytes.length; at += length) yield bytes.subarray(at, at + length)
  }
  const parts: { name: string; filename: string | undefined; value: string }[] = []
  for await (const piece of formPiecesOf(type, pieces())) {
    if (piece.kind === 'part') parts.push({ name: piece.name, filename: piece.filename, value: '' })
    else parts.at(-1)!.value += piece.bytes.toString('latin1')
  }
  return parts
}

const LENGTHS = [1, 2, 3, 7, 10_000]

describe('a form that comes in pieces', () => {
  test.each(LENGTHS)('of %i bytes is read as a whole', async length => {
    const file = '{"a":1}\n\r\n--bits\r\n--\r\n-\r\n'
    const form =
      part('purpose', 'batch') + part('file', file, '; filename="ä.jsonl"') + part('empty', '') + END
    expect(await read(form, length)).toEqual([
      { name: 'purpose', filename: undefined, value: 'batch' },
      { name: 'file', filename: 'ä.jsonl', value: file },
      { name: 'empty', filename: undefined, value: '' },
    ])
  })

  test.each(LENGTHS)('of %i bytes may have an empty part without a line of its own', async length => {
    const form = '--b\r\nContent-Disposition: form-data; name="a"\r\n\r\n--b--'
    expect(await read(form, length)).toEqual([{ name: 'a', filename: undefined, value: '' }])
  })

  test.each([
    ['another type', part('a', '1') + END, 'application/json'],
    ['no boundary in the type', part('a', '1') + END, 'multipart/form-data'],
    ['another boundary', part('a', '1') + END, 'multipart/form-data; boundary=c'],
    ['no end', part('a', '1'), TYPE],
    ['nothing', '', TYPE],
    ['a broken header', '--b\r\nx\r\n\r\n1\r\n--b--', TYPE],
    ['an endless header', `--b\r\n${'x'.repeat(10_000)}`, TYPE],
    ['too many parts', part('a', '1').repeat(1_001) + END, TYPE],
  ])('is refused with %s', async (_what, form, type) => {
    await expect(read(form, 100, type)).rejects.toThrow(FormError)
  })
})
