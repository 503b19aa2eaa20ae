import type { RequestHandler } from 'express'
import type { IncomingHttpHeaders } from 'node:http'
import { Refusal } from '../http/refusal.ts'
import { isForeign } from './foreign.ts'
import { type Role, type Who, whoOf } from './roles.ts'

type Lowest = Exclude<Role, 'caller'>

const REFUSALS: Readonly<Record<Lowest, string>> = {
  viewer: 'only an operator or a viewer may see this (FOREMAN_OPERATOR_TOKEN, FOREMAN_VIEWER_TOKEN)',
  operator: 'only an operator may do this (FOREMAN_OPERATOR_TOKEN)',
}

/** Lets in who has this role, or more. */
export const only =
  (lowest: Lowest): RequestHandler =>
  ({ headers }, response, next) => {
    ensureRole(lowest, whoOf(response), headers)
    next()
  }

/** As `only('operator')`. @throws Refusal with 403 */
export const ensureOperator = (who: Who, headers: Headers): void => ensureRole('operator', who, headers)

type Headers = Pick<IncomingHttpHeaders, 'origin' | 'host'>

/**
 * Lets in who has this role, or more. Pages of other origins are refused whatever FOREMAN_ORIGINS says: it lets them use
 * models, and where there are no tokens, every page of this machine would be an operator.
 *
 * @throws Refusal with 403
 */
const ensureRole = (lowest: Lowest, { role }: Who, headers: Headers): void => {
  if (role !== 'operator' && role !== lowest) throw new Refusal(403, REFUSALS[lowest])
  if (isForeign(headers)) throw new Refusal(403, 'no page of another origin may do this')
}
