import type { RequestHandler } from 'express'
import { createHash, timingSafeEqual } from 'node:crypto'
import { Refusal } from '../http/refusal.ts'
import { credentialsIn } from './credentials.ts'
import { isFromPage } from './from-page.ts'
import { ANYBODY, type Identity } from './identities.ts'
import { setWho, type Who } from './roles.ts'

/** Tokens are compared by their digests: these have one length, so the comparison takes the same time for any token. */
const digest = (text: string): Buffer => createHash('sha256').update(text).digest()

export interface TokenOptions {
  readonly identities: readonly Identity[]
  /** Whose door the requests come through, by the caller's name. Undefined: through none. */
  readonly door: string | undefined
}

/**
 * Refuses a request without a known token, and notes who has sent the others. A request without credentials is the caller
 * of the door that it comes through, unless a web page has sent it. Without identities, anybody may call.
 *
 * The refusal asks for a bearer token only: if it offered Basic as well, browsers would ask their users for a password,
 * and send it with the requests of every page from then on.
 */
export const requireToken = ({ identities, door }: TokenOptions): RequestHandler => {
  const known = identities.map(({ token, ...who }) => ({ who, digest: digest(token) }))
  const atDoor = callerAt(door, identities)
  return ({ headers }, response, next) => {
    const { tokens, areMissing } = credentialsIn(headers)
    const given = tokens.map(digest)
    const named = known.find(each => given.some(one => timingSafeEqual(one, each.digest)))?.who
    const nameless = areMissing && !isFromPage(headers) ? atDoor : undefined
    const who = known.length === 0 ? ANYBODY : (named ?? nameless)
    if (!who) throw new Refusal(401, 'unauthorized', { headers: { 'WWW-Authenticate': 'Bearer' } })
    setWho(response, who)
    next()
  }
}

/** Whoever comes through a door without a token: its caller, and never more than that, even if that caller is alone. */
const callerAt = (door: string | undefined, identities: readonly Identity[]): Who | undefined => {
  const owner = identities.find(({ caller }) => caller === door)
  return owner && { caller: owner.caller, priority: owner.priority, role: 'caller' }
}
