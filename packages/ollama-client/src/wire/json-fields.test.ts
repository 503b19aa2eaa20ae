import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { jsonFields, jsonFieldsInSteps } from './json-fields.ts'

const wanted = ['model', 'keep_alive', 'options', 'messages', 'stream'] as const

/** The raw values of each name in order, or undefined when the body is not an object. */
const fieldsOf = (body: string | Buffer): Record<string, string[]> | undefined => {
  const found: Record<string, string[]> = {}
  const isObject = jsonFields(Buffer.from(body), wanted, (name, value) => {
    ;(found[name] ??= []).push(value.toString())
  })
  return isObject ? found : undefined
}

describe('jsonFields finds', () => {
  test.each<[what: string, body: string, found: Record<string, string[]>]>([
    ['nothing in an empty object', '{}', {}],
    ['nothing in an empty object with spaces in it', ' \n\t\r{ \n\t\r} ', {}],
    ['nothing among other names', '{"x":1,"models":2,"mode":3,"":4}', {}],
    ['a string', '{"model":"m"}', { model: ['"m"'] }],
    [
      'a number, a literal and an empty string',
      '{"model":-1.5e3,"stream":false,"options":""}',
      { model: ['-1.5e3'], stream: ['false'], options: ['""'] },
    ],
    ['a value with space around it', '{ "model" \t:\r\n "m" \n}', { model: ['"m"'] }],
    ['a literal with a space after it', '{"stream": true }', { stream: ['true'] }],
    ['an object as it is written', '{"options": { "a" : [ 1 ] } ,"x":1}', { options: ['{ "a" : [ 1 ] }'] }],
    [
      'brackets and quotes inside strings',
      '{"messages":["]}\\"{["],"model":"}"}',
      { messages: ['["]}\\"{["]'], model: ['"}"'] },
    ],
    [
      'a string that ends in backslashes',
      '{"model":"\\\\\\\\","stream":"\\\\\\""}',
      { model: ['"\\\\\\\\"'], stream: ['"\\\\\\""'] },
    ],
    ['a name in any case', '{"MODEL":1,"mOdEl":2}', { model: ['1', '2'] }],
    [
      'a name with the long s and the Kelvin sign',
      '{"me\u017fsages":[],"option\u017f":{},"\u212aeep_alive":0}',
      { messages: ['[]'], options: ['{}'], keep_alive: ['0'] },
    ],
    [
      'an escaped name',
      '{"\\u006d\\u004fdel":1,"\\u212aeep\\u005Falive":2}',
      { model: ['1'], keep_alive: ['2'] },
    ],
    [
      'a repeated name every time, in order',
      '{"model":"a","stream":true,"model":null,"Model":"b"}',
      { model: ['"a"', 'null', '"b"'], stream: ['true'] },
    ],
    ['only top-level fields', '{"x":{"model":1},"y":[{"model":2}],"model":3}', { model: ['3'] }],
    ['the first value only', '{"model":"a"}{"model":"b"}', { model: ['"a"'] }],
    ['the fields of an object with other bytes after it', '{"model":"a"} % \u0000', { model: ['"a"'] }],
  ])('%s', (_what, body, found) => {
    expect(fieldsOf(body)).toEqual(found)
  })

  test.each<[what: string, name: string]>([
    ['that is longer than all wanted names', 'messages_'],
    ['with a similar letter', 'm\u00f6del'],
    ['with a letter that JavaScript folds to lower case and Go does not', '\u0130odel'],
    ['with a simple escape in it', 'mode\\n'],
    ['with half an escape in it', 'mode\\u006'],
    ['with a space in it', ' model'],
  ])('no name %s', (_what, name) => {
    expect(fieldsOf(`{"${name}":1,"stream":true}`)).toEqual({ stream: ['true'] })
  })

  test('a name and a value with bytes that are not UTF-8', () => {
    const body = Buffer.from('{"m\xffdel":"\xfe","model":"\xff"}', 'latin1')
    const values: Buffer[] = []
    expect(jsonFields(body, wanted, (_name, value) => values.push(value))).toBe(true)
    expect(values).toEqual([Buffer.from('"\xff"', 'latin1')])
  })
})

describe('jsonFields sees no object in', () => {
  test.each<[what: string, body: string]>([
    ['an empty body', ''],
    ['only spaces', ' \n'],
    ['an array', '[{"model":"m"}]'],
    ['a string', '"model"'],
    ['null', 'null'],
    ['a number', '1'],
    ['plain text', 'model=m'],
    ['an object after a byte order mark', '\ufeff{"model":"m"}'],
    ['an object after another kind of space', '\u00a0{"model":"m"}'],
    ['a name without quotes', '{model:"m"}'],
    ['a name without a value', '{"model"}'],
    ['a name without a colon', '{"model" "m"}'],
    ['an object with a missing value', '{"model":}'],
    ['an object with a missing value before another field', '{"model":,"x":1}'],
    ['an object with a comma at its end', '{"model":"m",}'],
    ['an object with a comma at its beginning', '{,"model":"m"}'],
    ['an object with a missing comma', '{"model":"m" "x":1}'],
    ['an object that ends with a bracket instead of a brace', '{"model":1]'],
  ])('%s', (_what, body) => {
    expect(fieldsOf(body)).toBeUndefined()
  })

  const whole = '{ "model" : "m\\"\\\\", "options": {"a": [1, "}"]}, "stream" : false }'

  test('any cut-off beginning of an object', () => {
    for (let length = 0; length < whole.length; length++) {
      expect([length, fieldsOf(whole.slice(0, length))]).toEqual([length, undefined])
    }
    expect(fieldsOf(whole)).toEqual({
      model: ['"m\\"\\\\"'],
      options: ['{"a": [1, "}"]}'],
      stream: ['false'],
    })
  })
})

describe('for a body of any depth and length', () => {
  test.each([5_000, 20_000, 1_000_000])('%i levels are skipped', depth => {
    for (const [open, close] of [
      ['[', ']'],
      ['{"a":', '1}'],
    ] as const) {
      const body = `{"messages":${open.repeat(depth)}${close.repeat(open === '[' ? depth : 0)}`
      const nested = open === '[' ? body : `${body}1${'}'.repeat(depth)}`
      expect(fieldsOf(`${nested},"model":"m"}`)?.['model']).toEqual(['"m"'])
      expect(fieldsOf(nested)).toBeUndefined()
    }
  })

  const size = 10_000_000
  const filled = (unit: string, before: string, after: string): Buffer => {
    const body = Buffer.alloc(
      before.length + Math.floor(size / unit.length) * unit.length + after.length,
      unit,
    )
    body.write(before)
    // Fills again after `before`, so that the units begin there.
    body.fill(unit, before.length, body.length - after.length)
    body.write(after, body.length - after.length)
    return body
  }

  const long: [what: string, unit: string, before: string, after: string][] = [
    ['one string of escaped quotes', '\\"', '{"x":"', '","model":"m"}'],
    ['one string of backslashes', '\\\\', '{"x":"', '","model":"m"}'],
    ['one string with an escaped quote here and there', `${'x'.repeat(98)}\\"`, '{"x":"', '","model":"m"}'],
    ['empty names', '"":0,', '{', '"model":"m"}'],
    ['escaped names that are not looked for', '"\\u006dodels":0,', '{', '"model":"m"}'],
    ['brackets', '[],', '{"x":[', '0],"model":"m"}'],
    ['short strings', '"",', '{"x":[', '0],"model":"m"}'],
    ['spaces', ' ', '{"model":', '"m"}'],
    ['spaces between fields', ' ', '{"x":1', ',"model":"m"}'],
    ['digits', '1', '{"x":', ',"model":"m"}'],
  ]

  test.each(long)('10 MB of %s are read within a few seconds, in steps', (_what, unit, before, after) => {
    const body = filled(unit, before, after)
    const begin = performance.now()
    let last = ''
    const steps = jsonFieldsInSteps(body, wanted, (_name, value) => (last = value.toString()))
    let pauses = 0
    let next = steps.next()
    for (; !next.done; next = steps.next()) pauses++
    expect(performance.now() - begin).toBeLessThan(5_000)
    expect([next.value, last]).toEqual([true, '"m"'])
    expect(pauses).toBeGreaterThanOrEqual(8)
  })
})

type FieldsOf<A> = A extends fc.Arbitrary<infer T> ? T : never

describe('for any input', () => {
  const anyName = fc.oneof(
    fc.constantFrom(...wanted, 'MODEL', 'Stream', 'option\u017f', 'x', '', '__proto__'),
    fc.string({ unit: 'binary' }),
  )
  const space = fc.constantFrom('', '', ' ', '\n', '\t', '\r\n  ')
  /** A name or text with some escaped characters. */
  const spelled = (text: string, escapes: readonly boolean[]): string =>
    Array.from(text)
      .map((character, at) => {
        const isEscaped = escapes[at % escapes.length] === true && character.length === 1
        return isEscaped
          ? `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`
          : JSON.stringify(character).slice(1, -1)
      })
      .join('')
  const anyObject = fc.array(
    fc.record({
      name: anyName,
      escapes: fc.array(fc.boolean(), { minLength: 1, maxLength: 5 }),
      value: fc.json(),
      spaces: fc.tuple(space, space, space, space),
    }),
    { maxLength: 8 },
  )
  const written = (fields: FieldsOf<typeof anyObject>): string =>
    `{${fields
      .map(
        ({ name, escapes, value, spaces: [a, b, c, d] }) =>
          `${a}"${spelled(name, escapes)}"${b}:${c}${value}${d}`,
      )
      .join(',')}}`
  /** Go's comparison of names, in which case does not matter. */
  const folded = (name: string): string =>
    name
      .replaceAll(/[A-Z]/g, letter => letter.toLowerCase())
      .replaceAll('\u017f', 's')
      .replaceAll('\u212a', 'k')

  test('jsonFields finds the same fields as a full parser, however the object is written', () => {
    fc.assert(
      fc.property(anyObject, fc.string(), (fields, behind) => {
        const expected: Record<string, unknown[]> = {}
        for (const { name, value } of fields) {
          const key = wanted.find(candidate => candidate === folded(name))
          if (key) (expected[key] ??= []).push(JSON.parse(value))
        }
        const text = written(fields)
        expect(() => JSON.parse(text) as unknown).not.toThrow()
        const found = fieldsOf(text + behind)
        const parsed = Object.entries(found ?? {}).map(([name, values]) => [
          name,
          values.map(value => JSON.parse(value) as unknown),
        ])
        expect(found && Object.fromEntries(parsed)).toEqual(expected)
      }),
      { numRuns: 500 },
    )
  })

  test('jsonFields accepts every object that a full parser accepts, and never throws', () => {
    const mutation = fc.record({
      at: fc.nat(),
      byte: fc.nat(255),
      kind: fc.constantFrom('set', 'cut', 'insert'),
    })
    fc.assert(
      fc.property(anyObject, fc.array(mutation, { maxLength: 3 }), (fields, mutations) => {
        let body = Buffer.from(written(fields))
        for (const { at, byte, kind } of mutations) {
          const place = at % (body.length + 1)
          const [before, after] = [body.subarray(0, place), body.subarray(place)]
          if (kind === 'set') body = Buffer.concat([before, Buffer.from([byte]), after.subarray(1)])
          if (kind === 'insert') body = Buffer.concat([before, Buffer.from([byte]), after])
          if (kind === 'cut') body = Buffer.from(before)
        }
        expect(isTakenByParser(body) && fieldsOf(body) === undefined).toBe(false)
      }),
      { numRuns: 2_000 },
    )
  })

  const isTakenByParser = (body: Buffer): boolean => {
    try {
      const value: unknown = JSON.parse(body.toString())
      return typeof value === 'object' && value !== null && !Array.isArray(value)
    } catch {
      return false
    }
  }
})
