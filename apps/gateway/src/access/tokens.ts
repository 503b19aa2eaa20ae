import type { Priority } from '@foreman/jobs'
import type { RequestHandler, Response } from 'express'
import { createHash, timingSafeEqual } from 'node:crypto'
import { Refusal } from '../http/refusal.ts'
import { type Caller, DEFAULT_CALLER } from './callers.ts'
import { credentialsIn } from './credentials.ts'
import { isFromPage } from './from-page.ts'

/** Tokens are compared by their digests: these have one length, so the comparison takes the same time for any token. */
const digest = (text: string): Buffer => createHash('sha256').update(text).digest()

export interface TokenOptions {
  readonly callers: readonly Caller[]
  /** Whose door the requests come through, by the caller's name. Undefined: through none. */
  readonly door: string | undefined
}

/**
 * Refuses a request without a known token, and notes which caller the token names. A request without credentials is the
 * caller of the door that it comes through, unless a web page has sent it. Without callers, anybody may call.
 *
 * The refusal asks for a bearer token only: if it offered Basic as well, browsers would ask their users for a password,
 * and send it with the requests of every page from then on.
 */
export const requireToken = ({ callers, door }: TokenOptions): RequestHandler => {
  const known = callers.map(({ token, ...caller }) => ({ ...caller, digest: digest(token) }))
  const atDoor = known.find(({ name }) => name === door)
  return ({ headers }, response, next) => {
    const { tokens, areMissing } = credentialsIn(headers)
    const given = tokens.map(digest)
    const named = known.find(each => given.some(one => timingSafeEqual(one, each.digest)))
    const caller = named ?? (areMissing && !isFromPage(headers) ? atDoor : undefined)
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
