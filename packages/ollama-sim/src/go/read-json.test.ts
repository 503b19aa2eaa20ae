import { expect, test } from 'vitest'
import { toPlain } from './json-value.ts'
import { readFirstValue } from './read-json.ts'

const read = (text: string | Buffer) => toPlain(readFirstValue(Buffer.from(text)))

test.each([
  [' {"a":[1,-2.5e3,true,false,null,"x"],"b":{}} ', { a: [1, -2500, true, false, null, 'x'], b: {} }],
  ['[]', []],
  ['"\\u00e9\\n\\"\\ud83d\\ude42"', 'é\n"🙂'],
  ['"\\ud800"', '\ufffd'],
  ['{"a":1} trailing', { a: 1 }],
  ['[1][2]', [1]],
  ['{"a":1,"a":2}', { a: 2 }],
  ['{"__proto__":1}', JSON.parse('{"__proto__":1}')],
  ['12', 12],
])('reads %s', (text, value) => {
  expect(read(text)).toEqual(value)
})

test('reads what is nested as deep as Go reads it, and no deeper', () => {
  let inner = read('['.repeat(10_000) + ']'.repeat(10_000)) as unknown[]
  let depth = 1
  for (; inner.length > 0; depth++) inner = inner[0] as unknown[]
  expect(depth).toBe(10_000)
  expect(() => read('['.repeat(10_001))).toThrow("invalid character '[' exceeded max depth")
})

// The right column is what Go's encoding/json says.
test.each([
  ['', 'EOF'],
  ['   ', 'EOF'],
  ['{', 'unexpected EOF'],
  ['{"a"', 'unexpected EOF'],
  ['tru', 'unexpected EOF'],
  ['-', 'unexpected EOF'],
  ['"a', 'unexpected EOF'],
  ['"a\\', 'unexpected EOF'],
  ['[1', 'unexpected EOF'],
  ['{"a" 1}', "invalid character '1' after object key"],
  ['{"a":1,}', "invalid character '}' looking for beginning of object key string"],
  ['{a}', "invalid character 'a' looking for beginning of object key string"],
  ['{"a":1 "b"}', `invalid character '"' after object key:value pair`],
  ['{"a":1]', "invalid character ']' after object key:value pair"],
  ['[1,]', "invalid character ']' looking for beginning of value"],
  ['[1 2]', "invalid character '2' after array element"],
  ['[1}', "invalid character '}' after array element"],
  ['}', "invalid character '}' looking for beginning of value"],
  ["'a'", String.raw`invalid character '\'' looking for beginning of value`],
  ['\0', String.raw`invalid character '\x00' looking for beginning of value`],
  ['日', "invalid character 'æ' looking for beginning of value"],
  ['{"a":tru}', "invalid character '}' in literal true (expecting 'e')"],
  ['{"a":nuLl}', "invalid character 'L' in literal null (expecting 'l')"],
  ['{"a":01}', "invalid character '1' after object key:value pair"],
  ['{"a":1.x}', "invalid character 'x' after decimal point in numeric literal"],
  ['{"a":1ex}', "invalid character 'x' in exponent of numeric literal"],
  ['{"a":-x}', "invalid character 'x' in numeric literal"],
  ['"x\ny"', String.raw`invalid character '\n' in string literal`],
  ['"\x01"', String.raw`invalid character '\x01' in string literal`],
  [String.raw`"\x"`, "invalid character 'x' in string escape code"],
  [String.raw`"\u12g4"`, String.raw`invalid character 'g' in \u hexadecimal character escape`],
])('refuses %j as Go does', (text, message) => {
  expect(() => read(text)).toThrow(expect.objectContaining({ message }))
})
