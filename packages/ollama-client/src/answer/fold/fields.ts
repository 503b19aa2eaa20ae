import type { TokenUsage } from './answer-pieces.ts'

/**
 * An object from an answer, whose fields can be anything. Code here never sets a field by a name from an answer, because the
 * name could be `__proto__`. It copies objects by spreading, which makes `__proto__` a field like any other.
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

/** Whether a piece is an error. A reply of OpenAI's Responses API has an `error` that is null, and is not one. */
export const isError = (piece: Fields): boolean => piece['error'] != null

/** The text in a field, or an empty text when the field has none. */
export const textIn = (fields: Fields, name: string): string => {
  const value = fields[name]
  return typeof value === 'string' ? value : ''
}

/** The list in a field, or an empty list when the field has none. */
export const listIn = (fields: Fields, name: string): readonly unknown[] => {
  const value = fields[name]
  return Array.isArray(value) ? value : []
}

/** The object in a field, or an empty object when the field has none. */
export const objectIn = (fields: Fields, name: string): Fields => {
  const value = fields[name]
  return isObject(value) ? value : {}
}

/** Whether one of the fields is a text or a list that is not empty. */
export const saysAny = (fields: Fields, ...names: string[]): boolean =>
  names.some(name => textIn(fields, name) !== '' || listIn(fields, name).length > 0)

const count = (value: unknown): number | undefined =>
  Number.isSafeInteger(value) && (value as number) > 0 ? (value as number) : undefined

/** Treats 0 as absent: a target leaves a number out, or sends 0, before it knows it. */
export const tokenUsage = (prompt: unknown, completion: unknown): TokenUsage | undefined => {
  const promptTokens = count(prompt)
  const completionTokens = count(completion)
  if (promptTokens === undefined) return completionTokens === undefined ? undefined : { completionTokens }
  return completionTokens === undefined ? { promptTokens } : { promptTokens, completionTokens }
}
