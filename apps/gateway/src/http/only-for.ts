import type { RequestHandler } from 'express'
import { Refusal } from './refusal.ts'

/** For a route's other methods. @param methods that it has */
export const onlyFor =
  (methods: string): RequestHandler =>
  () => {
    throw new Refusal(405, `only ${methods} can be used here`, { Allow: methods })
  }
