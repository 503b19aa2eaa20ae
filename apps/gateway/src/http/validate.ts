import type { z } from 'zod'
import { problem, type Refusal } from './refusal.ts'

const MAX_ERRORS = 20

/**
 * Checks a value against a schema.
 *
 * @returns the value as the schema reads it, with its defaults
 * @throws Refusal with 422 that names each fault and its place, as a JSON pointer
 */
export const validate = <Schema extends z.ZodType>(schema: Schema, value: unknown): z.output<Schema> => {
  const result = schema.safeParse(value)
  if (result.success) return result.data
  const errors = result.error.issues
    .slice(0, MAX_ERRORS)
    .map(({ path, message }) => ({ pointer: pointerOf(path), message }))
  const said = errors.map(({ pointer, message }) => (pointer === '' ? message : `${pointer}: ${message}`))
  throw problem(422, 'invalid_request', said.join('; '), { errors })
}

/** The refusal of one value that is not valid, with 422. */
export const invalid = (pointer: string, message: string): Refusal =>
  problem(422, 'invalid_request', `${pointer}: ${message}`, { errors: [{ pointer, message }] })

/** Writes a JSON pointer (RFC 6901). */
const pointerOf = (path: readonly PropertyKey[]): string =>
  path.map(part => `/${String(part).replaceAll('~', '~0').replaceAll('/', '~1')}`).join('')
