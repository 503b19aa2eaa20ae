import { JsonNumber, JsonObject, kindOf, type JsonValue } from './json-value.ts'

/**
 * Decoding into a Go struct: names without regard to case, null leaves a field alone, the first mismatch is
 * reported and the rest still read, while an error of a type's own decoder ends it at once (encoding/json).
 */
export interface GoType {
  /** As Go prints the type: `bool`, `[]api.Message`. */
  readonly name: string
  /** Whether null empties it (a pointer, a slice, a map) instead of leaving what an earlier mention set. */
  readonly nullable?: true
  /** The JavaScript value; reports a mismatch through `at` and then returns undefined. */
  decode: (value: Exclude<JsonValue, null>, at: Place) => unknown
}

/** Where decoding is, for the text of an error. */
interface Place {
  readonly struct: string | undefined
  readonly path: readonly string[]
  report: (error: Error) => void
}

/** `json: cannot unmarshal string into Go struct field ChatRequest.stream of type bool`. */
export class GoTypeError extends Error {
  override readonly name = 'GoTypeError'
  readonly found: string
  readonly type: string
  readonly path: readonly string[]

  constructor(found: string, type: string, structName: string | undefined, path: readonly string[]) {
    const into = structName === undefined ? 'Go value' : `Go struct field ${structName}.${path.join('.')}`
    super(`json: cannot unmarshal ${found} into ${into} of type ${type}`)
    this.found = found
    this.type = type
    this.path = path
  }
}

const mismatch = (value: JsonValue, type: string, at: Place) =>
  at.report(new GoTypeError(kindOf(value), type, at.struct, at.path))

/** Decodes a whole body. Throws the error that Go would return. */
export const decodeGo = (type: GoType, value: JsonValue): Record<string, unknown> => {
  if (value === null) return {}
  let first: Error | undefined
  const decoded = type.decode(value, { struct: undefined, path: [], report: error => (first ??= error) })
  if (first !== undefined) throw first
  return decoded as Record<string, unknown>
}

export const string: GoType = {
  name: 'string',
  decode: (value, at) => (typeof value === 'string' ? value : mismatch(value, 'string', at)),
}

export const bool: GoType = {
  name: 'bool',
  decode: (value, at) => (typeof value === 'boolean' ? value : mismatch(value, 'bool', at)),
}

/** A signed 64-bit integer: `1.0` and `1e2` are refused. */
export const int: GoType = {
  name: 'int',
  decode(value, at) {
    if (!(value instanceof JsonNumber)) return mismatch(value, 'int', at)
    if (/^-?\d+$/.test(value.raw) && Math.abs(Number(value.raw)) < 2 ** 63) return Number(value.raw)
    at.report(new GoTypeError(`number ${value.raw}`, 'int', at.struct, at.path))
  },
}

export const float: GoType = {
  name: 'float64',
  decode: (value, at) => (value instanceof JsonNumber ? Number(value.raw) : mismatch(value, 'float64', at)),
}

/** Anything, kept as it was read. */
export const any: GoType = { name: 'interface {}', nullable: true, decode: value => value }

export const stringMap: GoType = {
  name: 'map[string]interface {}',
  nullable: true,
  decode: (value, at) =>
    value instanceof JsonObject ? value : mismatch(value, 'map[string]interface {}', at),
}

export const pointer = (to: GoType): GoType => ({ name: to.name, nullable: true, decode: to.decode })

export const slice = (of: GoType): GoType => {
  const name = `[]${of.name}`
  return {
    name,
    nullable: true,
    decode(value, at) {
      if (!Array.isArray(value)) return mismatch(value, name, at)
      return value.map(item => (item === null ? undefined : of.decode(item, at)))
    },
  }
}

const fold = (name: string) => name.replaceAll('ſ', 's').toLowerCase()

/** `name` as Go prints it, e.g. `api.ChatRequest`; `fields` by their lower-case JSON names. */
export const struct = (name: string, fields: Record<string, GoType>): GoType => {
  const byName = new Map(Object.entries(fields))
  const short = name.slice(name.lastIndexOf('.') + 1)
  return {
    name,
    decode(value, at) {
      if (!(value instanceof JsonObject)) return mismatch(value, name, at)
      const decoded: Record<string, unknown> = {}
      for (const [given, field] of value.entries) {
        const key = byName.has(given) ? given : fold(given)
        const type = byName.get(key)
        if (type === undefined) continue
        if (field === null) {
          if (type.nullable) delete decoded[key]
          continue
        }
        const result = type.decode(field, { struct: short, path: [...at.path, key], report: at.report })
        if (result !== undefined) decoded[key] = result
      }
      return decoded
    },
  }
}

/** A type with a decoder of its own: what it throws ends the decoding, a type error with its place put in front. */
export const custom = (name: string, decode: (value: Exclude<JsonValue, null>) => unknown): GoType => ({
  name,
  nullable: true,
  decode(value, at) {
    try {
      return decode(value)
    } catch (error) {
      if (!(error instanceof GoTypeError) || at.struct === undefined) throw error
      throw new GoTypeError(error.found, error.type, at.struct, [...at.path, ...error.path])
    }
  },
})
