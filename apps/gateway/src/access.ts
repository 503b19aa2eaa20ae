import type { RequestHandler } from 'express'
import { createHash, timingSafeEqual } from 'node:crypto'
import { Refusal } from './refusal.ts'

const digest = (text: string): Buffer => createHash('sha256').update(text).digest()

/** Lets nobody by without the token. Digests are compared, in constant time whatever the lengths. */
export const access = (token: string | undefined): RequestHandler => {
  const expected = token === undefined ? undefined : digest(token)
  return (request, _response, next) => {
    const given =
      /^bearer +(.+)$/i.exec(request.headers.authorization ?? '')?.[1] ?? request.headers['x-api-key']
    if (expected && !(typeof given === 'string' && timingSafeEqual(digest(given), expected))) {
      throw new Refusal(401, 'unauthorized', { 'WWW-Authenticate': 'Bearer' })
    }
    next()
  }
}
