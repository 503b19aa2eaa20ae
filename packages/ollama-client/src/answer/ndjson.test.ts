import { expect, test } from 'vitest'
import { parseLines } from './ndjson.ts'

const pieces = async function* (...parts: (string | Uint8Array)[]): AsyncGenerator<Uint8Array> {
  for (const part of parts) yield typeof part === 'string' ? Buffer.from(part) : part
}

const read = async (...parts: (string | Uint8Array)[]): Promise<unknown[]> => {
  const values: unknown[] = []
  for await (const value of parseLines(pieces(...parts))) values.push(value)
  return values
}

test('lines are parsed wherever the chunks are cut', async () => {
  const bytes = Buffer.from('{"a":"\u00e9\u2028😀"}\n{"b":[1,2]}\n')
  const expected = [{ a: '\u00e9\u2028😀' }, { b: [1, 2] }]
  for (let cut = 0; cut <= bytes.length; cut++) {
    expect(await read(bytes.subarray(0, cut), bytes.subarray(cut))).toEqual(expected)
  }
  expect(await read(...Array.from(bytes, byte => Uint8Array.of(byte)))).toEqual(expected)
})

test('several lines of one chunk are yielded one by one', async () => {
  expect(await read('1\n2\n3\n')).toEqual([1, 2, 3])
})

test('a line is yielded as soon as it is complete', async () => {
  const { promise: never } = Promise.withResolvers<void>()
  const source = (async function* () {
    yield Buffer.from('{"a":1}\n{"b"')
    await never
  })()
  expect(await parseLines(source).next()).toEqual({ done: false, value: { a: 1 } })
})

test('spaces before a line, a missing last line feed and blank lines are accepted', async () => {
  expect(await read('   {"a":1}\n\n  \r\n', '     ', ' {"b":2}')).toEqual([{ a: 1 }, { b: 2 }])
  expect(await read('{"a":1}\n   ')).toEqual([{ a: 1 }])
  expect(await read()).toEqual([])
})

test('only \\n ends a line', async () => {
  expect(await read('{"a":\r1,"b":"\u0085\u2028\u2029"}\n')).toEqual([{ a: 1, b: '\u0085\u2028\u2029' }])
})

test('a line of 20 MB in 300 chunks is one value', async () => {
  const text = 'x'.repeat(20 * 2 ** 20)
  const bytes = Buffer.from(`${JSON.stringify({ text })}\n`)
  const size = Math.ceil(bytes.length / 300)
  const chunks = Array.from({ length: 300 }, (_, i) => bytes.subarray(i * size, (i + 1) * size))
  const [value] = (await read(...chunks)) as [{ text: string }]
  expect(value.text === text).toBe(true)
})

test('a line that is not JSON fails, and the error does not quote the line', async () => {
  const lines = parseLines(pieces('{"a":1}\n{"secret\n{"c":3}\n'))
  await lines.next()
  const error = await lines.next().catch((reason: unknown) => reason)
  expect(error).toMatchObject({ code: 'ERR_OLLAMA_STREAM', message: 'a line of the stream is not JSON' })
})
