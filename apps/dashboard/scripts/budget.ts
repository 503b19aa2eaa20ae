import path from 'node:path'
import type { Compressed } from './compress.ts'

/** What a page of an operator may weigh, compressed, in bytes. */
const LIMITS: Readonly<Record<string, number>> = { '.html': 2_000, '.css': 10_000, '.js': 60_000 }

/**
 * Checks that the page has one script and one sheet, and that none is too heavy: an operator opens it when something is
 * wrong, perhaps over a poor connection.
 *
 * @throws Error that names what is too much
 */
export const ensureWithinBudget = (files: readonly Compressed[]): void => {
  for (const { name, gzipBytes } of files) {
    const limit = LIMITS[path.extname(name)]
    if (limit === undefined) throw new Error(`the page has a file that nothing asks for: ${name}`)
    if (gzipBytes > limit) throw new Error(`${name} has ${gzipBytes} bytes, and may have ${limit}`)
  }
  if (files.length > Object.keys(LIMITS).length)
    throw new Error(`the page needs more than three requests: ${files.map(({ name }) => name).join(', ')}`)
}
