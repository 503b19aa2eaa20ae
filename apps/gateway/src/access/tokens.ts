import type { Priority } from '@foreman/jobs'
import type { RequestHandler, Response } from 'express'
import { createHash, timingSafeEqual } from 'node:crypto'
import { Refusal } from '../http/refusal.ts'
import { type Caller, DEFAULT_CALLER } from './callers.ts'
import { tokensIn } from './credentials.ts'

/** Tokens are compared by their digests: these have one length, so the comparison takes the same time for any token. */
const digest = (text: string): Buffer => createHash('sha256').update(text).digest()

/**
 * Refuses a request without a known token, and notes which caller the token names. Without callers, anybody may call.
 *
 * The refusal asks for a bearer token only. If it offered Basic as well, browsers would ask their users for a password, and
 * from then on send it with the requests of every page.
 */
export const requireToken = ({ callers }: { readonly callers: readonly Caller[] }): RequestHandler => {
  const known = callers.map(({ token, ...caller }) => ({ ...caller, digest: digest(token) }))
  return ({ headers }, response, next) => {
    const given = tokensIn(headers).map(digest)
    const caller = known.find(each => given.some(one => timingSafeEqual(one, each.digest)))
    if (known.length > 0 && !caller)
      throw new Refusal(401, 'unauthorized', { headers: { 'WWW-Authenticate': 'Bearer' } })
    response.locals['caller'] = caller?.name ?? DEFAULT_CALLER
    response.locals['priority'] = caller?.priority
    next()
  }
}

/** The name of the caller. `requireToken` must have run. */
export const callerOf = ({ locals }: Response): string => locals['caller'] as string

/** The priority of the caller's token. Undefined: it has none of its own. `requireToken` must have run. */
export const tokenPriorityOf = ({ locals }: Response): Priority | undefined =>
  locals['priority'] as Priority | undefined
