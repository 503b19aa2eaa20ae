import type { z } from 'zod'
import { problem } from './refusal.ts'

const MOST_ERRORS = 20

/**
 * What the schema makes of a value.
 * @throws Refusal with 422 that says what is wrong and where (a JSON pointer)
 */
export const validate = <Schema extends z.ZodType>(schema: Schema, value: unknown): z.output<Schema> => {
  const result = schema.safeParse(value)
  if (result.success) return result.data
  const errors = result.error.issues
    .slice(0, MOST_ERRORS)
    .map(({ path, message }) => ({ pointer: pointerOf(path), message }))
  const said = errors.map(({ pointer, message }) => (pointer === '' ? message : `${pointer}: ${message}`))
  throw problem(422, 'invalid_request', said.join('; '), { errors })
}

/** RFC 6901. */
const pointerOf = (path: readonly PropertyKey[]): string =>
  path.map(part => `/${String(part).replaceAll('~', '~0').replaceAll('/', '~1')}`).join('')
