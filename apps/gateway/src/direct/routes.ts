import { routeAt } from '@foreman/ollama-client'
import type { RequestHandler } from 'express'
import type { IncomingMessage } from 'node:http'
import type { Context } from '../context.ts'
import { callerLeftSignal } from '../http/caller-left.ts'
import { Refusal } from '../http/refusal.ts'
import { requestPath } from '../http/request-path.ts'
import { forward } from './forward.ts'
import { forwardOrSnapshot } from './snapshots.ts'

export type DirectContext = Pick<Context, 'target' | 'store' | 'management' | 'now'>

/** Forwards every request that needs no turn to the target, whatever the queue does. Bodies stream both ways. */
export const directRoutes =
  ({ target, store, management, now }: DirectContext): RequestHandler =>
  async (request, response) => {
    const { decoded } = requestPath(request)
    if (management === 'off' && routeAt(decoded)?.kind === 'management') {
      throw new Refusal(403, 'managing models is turned off here (FOREMAN_MANAGEMENT)')
    }
    const options = { target, body: bodyOf(request), signal: callerLeftSignal(response) }
    const isReading = request.method === 'GET' || request.method === 'HEAD'
    const snapshot = isReading ? store.catalogue.snapshot(decoded) : undefined
    if (snapshot) await forwardOrSnapshot(request, response, { ...options, snapshot, now })
    else await forward(request, response, options)
  }

const bodyOf = (request: IncomingMessage): IncomingMessage | undefined =>
  'content-length' in request.headers || 'transfer-encoding' in request.headers ? request : undefined
