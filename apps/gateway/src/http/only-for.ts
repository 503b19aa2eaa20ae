import type { RequestHandler } from 'express'
import { Refusal } from './refusal.ts'

/**
 * Refuses the methods that a route does not have, with 405.
 *
 * @param methods those that it has, for the `Allow` header
 */
export const onlyFor =
  (methods: string): RequestHandler =>
  () => {
    throw new Refusal(405, `only ${methods} can be used here`, { headers: { Allow: methods } })
  }
