import type { IncomingHttpHeaders } from 'node:http'
import { Refusal } from '../http/refusal.ts'
import { isForeign } from './foreign.ts'
import type { Who } from './roles.ts'

/**
 * Lets an operator in, and nobody else. Pages of other origins are refused whatever FOREMAN_ORIGINS says: it lets them use
 * models, and where there are no tokens, every page of this machine would be an operator.
 *
 * @throws Refusal with 403
 */
export const ensureOperator = (
  { role }: Who,
  headers: Pick<IncomingHttpHeaders, 'origin' | 'host'>,
): void => {
  if (role !== 'operator') throw new Refusal(403, 'only an operator may do this (FOREMAN_OPERATOR_TOKEN)')
  if (isForeign(headers)) throw new Refusal(403, 'no page of another origin may do this')
}
