import type { TokenUsage } from './answer-pieces.ts'

/**
 * Reading values that came over the wire and may be anything. No field is ever set by a name from the wire, which
 * could be `__proto__`: objects are copied by spreading, which makes that a field like any other.
 */
export type Fields = Record<string, unknown>

export const isObject = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

export const parseObject = (text: string): Fields | undefined => {
  try {
    const value: unknown = JSON.parse(text)
    return isObject(value) ? value : undefined
  } catch {
    return undefined
  }
}

/** A reply of OpenAI's Responses has an `error` that is null. */
export const isError = (piece: Fields): boolean => piece['error'] != null

/** The text in a field; an empty one where there is none. */
export const textIn = (fields: Fields, name: string): string => {
  const value = fields[name]
  return typeof value === 'string' ? value : ''
}

/** The list in a field; an empty one where there is none. */
export const listIn = (fields: Fields, name: string): readonly unknown[] => {
  const value = fields[name]
  return Array.isArray(value) ? value : []
}

/** The object in a field; an empty one where there is none. */
export const objectIn = (fields: Fields, name: string): Fields => {
  const value = fields[name]
  return isObject(value) ? value : {}
}

/** Whether any of the fields is a text or a list that is not empty. */
export const saysAny = (fields: Fields, ...names: string[]): boolean =>
  names.some(name => textIn(fields, name) !== '' || listIn(fields, name).length > 0)

/** Without the fields that are undefined. */
export const present = (fields: Fields): Fields =>
  Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined))

const count = (value: unknown): number | undefined =>
  Number.isSafeInteger(value) && (value as number) > 0 ? (value as number) : undefined

/** None is as good as not said: a target leaves it out, or sends it before it knows. */
export const tokenUsage = (prompt: unknown, completion: unknown): TokenUsage | undefined => {
  const promptTokens = count(prompt)
  const completionTokens = count(completion)
  if (promptTokens === undefined) return completionTokens === undefined ? undefined : { completionTokens }
  return completionTokens === undefined ? { promptTokens } : { promptTokens, completionTokens }
}
