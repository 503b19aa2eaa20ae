import type { RequestHandler } from 'express'
import { createHash, timingSafeEqual } from 'node:crypto'
import { Refusal } from './refusal.ts'

const digest = (text: string): Buffer => createHash('sha256').update(text).digest()

/** Lets nobody by without the token. Digests are compared, in constant time whatever the lengths. */
export const access = (token: string | undefined): RequestHandler => {
  const expected = token === undefined ? undefined : digest(token)
  return (request, _response, next) => {
    const { authorization = '', 'x-api-key': apiKey } = request.headers
    const given = [/^bearer +(.+)$/i.exec(authorization)?.[1], apiKey]
    const isKnown = given.some(
      each => typeof each === 'string' && expected && timingSafeEqual(digest(each), expected),
    )
    if (expected && !isKnown) throw new Refusal(401, 'unauthorized', { 'WWW-Authenticate': 'Bearer' })
    next()
  }
}
