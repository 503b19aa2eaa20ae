import type { RequestHandler } from 'express'
import type { IncomingMessage } from 'node:http'
import { Refusal } from './refusal.ts'

/** The names in `Via` (RFC 9110, section 7.6.3) of those that have passed a request on, the last one last. */
const passedOnBy = ({ headers }: Pick<IncomingMessage, 'headers'>): string[] =>
  (headers.via ?? '').split(',').map(entry => entry.trim().split(/[ \t]+/)[1] ?? '')

/**
 * Refuses a request that this deployment has sent to its target: it would go round until no connection is left.
 *
 * @throws Refusal with 508
 */
export const refuseOwnRequests =
  ({ deployment }: { readonly deployment: string }): RequestHandler =>
  (request, _response, next) => {
    if (passedOnBy(request).includes(deployment))
      throw new Refusal(508, 'this request has come back: FOREMAN_OLLAMA_URL leads to foreman itself')
    next()
  }
