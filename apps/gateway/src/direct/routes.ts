import { routeAt } from '@foreman/ollama-client'
import { mayPass, type Snapshot, type Store } from '@foreman/store'
import type { RequestHandler } from 'express'
import type { IncomingMessage } from 'node:http'
import type { Context } from '../context.ts'
import { callerLeftSignal } from '../http/caller-left.ts'
import { leaveWhenHalfClosed, leaveWhenSilent } from '../http/half-closed.ts'
import { requestPath } from '../http/request-path.ts'
import { forward } from './forward.ts'
import { forwardOrSnapshot } from './snapshots.ts'

export type DirectContext = Pick<Context, 'target' | 'store' | 'now'>

/** Forwards every request that needs no turn to the target, whatever the queue does. Bodies stream both ways. */
export const directRoutes =
  ({ target, store, now }: DirectContext): RequestHandler =>
  async (request, response) => {
    const { decoded } = requestPath(request)
    // Such as a web search: the target works on it as long as its caller is there.
    if (routeAt(decoded)?.kind === 'other') leaveWhenHalfClosed(response)
    else leaveWhenSilent(response)
    const options = { target, body: bodyOf(request), signal: callerLeftSignal(response) }
    const isReading = request.method === 'GET' || request.method === 'HEAD'
    const snapshot = isReading ? await snapshotOf(decoded, store) : undefined
    if (snapshot) await forwardOrSnapshot(request, response, { ...options, snapshot, now })
    else await forward(request, response, options)
  }

/** The answer that the worker polled last. None while the queue cannot be read: the target may answer all the same. */
const snapshotOf = async (
  path: string,
  { catalogue }: Pick<Store, 'catalogue'>,
): Promise<Snapshot | undefined> => {
  try {
    return await catalogue.snapshot(path)
  } catch (error) {
    if (mayPass(error)) return undefined
    throw error
  }
}

const bodyOf = (request: IncomingMessage): IncomingMessage | undefined =>
  'content-length' in request.headers || 'transfer-encoding' in request.headers ? request : undefined
